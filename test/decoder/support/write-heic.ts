/** Writes a HEIC file (ISO/IEC 23008-12) around a gray HEVC picture, with both ways to rotate such a file. */
import { hevcPcm } from "./hevc-pcm.ts";

export interface HeicOptions {
  /** Quarter turns counter-clockwise, of the `irot` property. */
  turns?: number;
  /** Axis of the `imir` property, which comes after `irot`: 0 swaps top and bottom, 1 left and right. */
  mirror?: number;
  /** EXIF orientation, which a viewer must not apply on top. */
  exif?: number;
  /** The size in the `ispe` property, if it should be wrong. */
  claimed?: { width: number; height: number };
  /** The visible part in the `clap` property, before rotation, pixels. */
  crop?: Crop;
  /** The content of the `nclx` property; null: none. */
  nclx?: Nclx | null;
  /** The range stated in the bitstream. */
  fullRange?: boolean;
  /** An alpha channel, uint8, `height × width`; true if the picture is multiplied by it. */
  alpha?: { values: Uint8Array; premultiplied: boolean };
}

export interface Crop {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Code points of ISO/IEC 23091-2. */
export interface Nclx {
  primaries: number;
  transfer: number;
  matrix: number;
  fullRange: boolean;
}

const PICTURE_ITEM = 1;
const EXIF_ITEM = 2;
const ALPHA_ITEM = 3;
/** BT.601 matrix, full range: gray is luma. */
const GRAY: Nclx = { primaries: 1, transfer: 13, matrix: 6, fullRange: true };

/** @param luma uint8, `height × width`, both even */
export function writeHeic(
  luma: Uint8Array,
  width: number,
  height: number,
  options: HeicOptions = {},
): Uint8Array<ArrayBuffer> {
  const { turns, mirror, exif, claimed = { width, height }, crop, nclx = GRAY, fullRange, alpha } = options;
  const { sets, slices } = hevcPcm(luma, width, height, fullRange);
  const size = box("ispe", u32(0), u32(claimed.width), u32(claimed.height));
  const properties = [
    box("hvcC", decoderConfiguration(sets)),
    size,
    ...(nclx === null ? [] : [nclxBox(nclx)]),
    ...(crop === undefined ? [] : [clapBox(crop, width, height)]),
    ...(turns === undefined ? [] : [box("irot", u8(turns))]),
    ...(mirror === undefined ? [] : [box("imir", u8(mirror))]),
  ];
  const items: Item[] = [{ id: PICTURE_ITEM, type: "hvc1", data: inLengths(slices), properties }];
  if (exif !== undefined) {
    const data = Buffer.concat([u32(0), exifBlock(exif)]);
    items.push({ id: EXIF_ITEM, type: "Exif", data, properties: [], references: { cdsc: PICTURE_ITEM } });
  }
  if (alpha !== undefined) {
    const coded = hevcPcm(alpha.values, width, height);
    const role = box("auxC", u32(0), Buffer.from("urn:mpeg:hevc:2015:auxid:1\0"));
    items.push({
      id: ALPHA_ITEM,
      type: "hvc1",
      data: inLengths(coded.slices),
      properties: [box("hvcC", decoderConfiguration(coded.sets)), size, role],
      references: { auxl: PICTURE_ITEM },
    });
    if (alpha.premultiplied && items[0] !== undefined) items[0].references = { prem: ALPHA_ITEM };
  }
  return writeItems(items);
}

export interface Item {
  id: number;
  type: string;
  data: Buffer;
  properties: Buffer[];
  references?: Record<string, number>;
}

/** The first is the picture. Each has its own properties. */
export function writeItems(items: readonly Item[], brand = "heic"): Uint8Array<ArrayBuffer> {
  const infos = items.map(({ id, type }) =>
    box("infe", u32(type === "Exif" ? 0x02000001 : 0x02000000), u16(id), u16(0), Buffer.from(`${type}\0`)),
  );
  const references = items.flatMap(({ id, references: own = {} }) =>
    Object.entries(own).map(([type, to]) => box(type, u16(id), u16(1), u16(to))),
  );
  let property = 0;
  const associations = items
    .filter(({ properties }) => properties.length > 0)
    .map(({ id, properties }) =>
      Buffer.concat([u16(id), u8(properties.length), ...properties.map(() => u8(0x80 | ++property))]),
    );
  const ftyp = box("ftyp", Buffer.from(brand), u32(0), Buffer.from(`mif1${brand}`));
  const meta = (dataAt: number): Buffer =>
    box(
      "meta",
      u32(0),
      box("hdlr", u32(0), u32(0), Buffer.from("pict"), Buffer.alloc(13)),
      box("pitm", u32(0), u16(PICTURE_ITEM)),
      location(dataAt, items),
      box("iinf", u32(0), u16(infos.length), ...infos),
      ...(references.length === 0 ? [] : [box("iref", u32(0), ...references)]),
      box(
        "iprp",
        box("ipco", ...items.flatMap(({ properties }) => properties)),
        box("ipma", u32(0), u32(associations.length), ...associations),
      ),
    );
  const dataAt = ftyp.length + meta(0).length + 8;
  const data = items.map((item) => item.data);
  return Uint8Array.from(Buffer.concat([ftyp, meta(dataAt), box("mdat", ...data)]));
}

/** `iloc`, 4-byte offsets and lengths: one item after another. */
function location(dataAt: number, items: readonly Item[]): Buffer {
  let at = dataAt;
  const entries = items.map(({ id, data }) => {
    at += data.length;
    return Buffer.concat([u16(id), u16(0), u16(1), u32(at - data.length), u32(data.length)]);
  });
  return box("iloc", u32(0), u16(0x4400), u16(items.length), ...entries);
}

/** NAL units, each after its length. */
function inLengths(slices: readonly Uint8Array[]): Buffer {
  return Buffer.concat(slices.flatMap((slice) => [u32(slice.length), slice]));
}

function nclxBox({ primaries, transfer, matrix, fullRange }: Nclx): Buffer {
  const range = u8(fullRange ? 0x80 : 0);
  return box("colr", Buffer.from("nclx"), u16(primaries), u16(transfer), u16(matrix), range);
}

/** `clap`: the size, and the distance of its center from the picture's, as fractions (ISO/IEC 14496-12, 12.1.4). */
export function clapBox(crop: Crop, width: number, height: number): Buffer {
  return box(
    "clap",
    fraction(crop.width, 1),
    fraction(crop.height, 1),
    fraction(2 * crop.left + crop.width - width, 2),
    fraction(2 * crop.top + crop.height - height, 2),
  );
}

function fraction(numerator: number, denominator: number): Buffer {
  return Buffer.concat([u32(numerator), u32(denominator)]);
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

/** An EXIF block with the orientation only, big-endian. */
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
