/** A HEIC file (ISO/IEC 23008-12) around a gray HEVC picture, with the two ways in which such a file can be turned. */
import { hevcPcm } from "./hevc-pcm.ts";

export interface HeicOptions {
  /** Quarter turns counter-clockwise, of the `irot` property. */
  turns?: number;
  /** Axis of the `imir` property, which comes after `irot`: 0 swaps top and bottom, 1 left and right. */
  mirror?: number;
  /** EXIF orientation, which a viewer must not apply on top. */
  exif?: number;
  /** What the `ispe` property claims, if not the truth. */
  claimed?: { width: number; height: number };
}

const PICTURE_ITEM = 1;
const EXIF_ITEM = 2;

/** @param luma uint8, `height × width`, both even */
export function writeHeic(
  luma: Uint8Array,
  width: number,
  height: number,
  { turns, mirror, exif, claimed = { width, height } }: HeicOptions = {},
): Uint8Array<ArrayBuffer> {
  const { sets, slices } = hevcPcm(luma, width, height);
  const picture = Buffer.concat(slices.map((slice) => Buffer.concat([u32(slice.length), slice])));
  const exifData = exif === undefined ? Buffer.alloc(0) : Buffer.concat([u32(0), exifBlock(exif)]);
  const properties = [
    box("hvcC", decoderConfiguration(sets)),
    box("ispe", u32(0), u32(claimed.width), u32(claimed.height)),
    // BT.601 matrix, full range: gray is luma.
    box("colr", Buffer.from("nclx"), u16(1), u16(13), u16(6), u8(0x80)),
    ...(turns === undefined ? [] : [box("irot", u8(turns))]),
    ...(mirror === undefined ? [] : [box("imir", u8(mirror))]),
  ];
  const exifInfo = box("infe", u32(0x02000001), u16(EXIF_ITEM), u16(0), Buffer.from("Exif\0"));
  const infos = [
    box("infe", u32(0x02000000), u16(PICTURE_ITEM), u16(0), Buffer.from("hvc1\0")),
    ...(exif === undefined ? [] : [exifInfo]),
  ];
  const association = properties.map((_, i) => u8(0x80 | (i + 1)));
  const ftyp = box("ftyp", Buffer.from("heic"), u32(0), Buffer.from("mif1heic"));
  const meta = (dataAt: number): Buffer =>
    box(
      "meta",
      u32(0),
      box("hdlr", u32(0), u32(0), Buffer.from("pict"), Buffer.alloc(13)),
      box("pitm", u32(0), u16(PICTURE_ITEM)),
      location(dataAt, picture.length, exifData.length),
      box("iinf", u32(0), u16(infos.length), ...infos),
      ...(exif === undefined
        ? []
        : [box("iref", u32(0), box("cdsc", u16(EXIF_ITEM), u16(1), u16(PICTURE_ITEM)))]),
      box(
        "iprp",
        box("ipco", ...properties),
        box("ipma", u32(0), u32(1), u16(PICTURE_ITEM), u8(properties.length), ...association),
      ),
    );
  const dataAt = ftyp.length + meta(0).length + 8;
  return Uint8Array.from(Buffer.concat([ftyp, meta(dataAt), box("mdat", picture, exifData)]));
}

/** `iloc`, 4-byte offsets and lengths: the picture, then the EXIF block if there is one. */
function location(at: number, length: number, exifLength: number): Buffer {
  const item = (id: number, from: number, bytes: number): Buffer =>
    Buffer.concat([u16(id), u16(0), u16(1), u32(from), u32(bytes)]);
  const items = [item(PICTURE_ITEM, at, length)];
  if (exifLength > 0) items.push(item(EXIF_ITEM, at + length, exifLength));
  return box("iloc", u32(0), u16(0x4400), u16(items.length), ...items);
}

/** `hvcC` (ISO/IEC 14496-15, 8.3.3.1). */
export function decoderConfiguration(sets: Uint8Array[]): Buffer {
  const profile = [1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 186];
  const formats = [0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, sets.length];
  const arrays = sets.map((set) =>
    Buffer.concat([u8(0x80 | ((set[0] ?? 0) >> 1)), u16(1), u16(set.length), set]),
  );
  return Buffer.concat([u8(1), Buffer.from(profile), Buffer.from(formats), ...arrays]);
}

/** An EXIF block that says nothing but the orientation, big-endian. */
export function exifBlock(orientation: number): Buffer {
  const entry = [u16(0x0112), u16(3), u32(1), u16(orientation), u16(0)];
  return Buffer.concat([Buffer.from("MM\0*"), u32(8), u16(1), ...entry, u32(0)]);
}

export function box(type: string, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type), body]);
}

export function u8(value: number): Buffer {
  return Buffer.from([value]);
}

export function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
