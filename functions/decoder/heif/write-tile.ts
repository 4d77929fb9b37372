/** Writes one tile of a grid as a HEIF file, because the codec reads only files. */
import { concatBytes } from "../../runtime/bytes/concat-bytes.ts";

/** The bit of a property's index that marks it as essential. */
const ESSENTIAL = 0x80;
const ITEM = 1;
const BOX_HEADER_BYTES = 8;

/**
 * @param type type of the item: `hvc1` or `av01`
 * @param properties the boxes that describe it
 * @param data its data, in pieces
 * @returns the file
 */
export function writeTile(
  type: string,
  properties: readonly Uint8Array[],
  data: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const brand = text(type === "av01" ? "avif" : "heic");
  const ftyp = box("ftyp", [brand, u32(0), text("mif1"), brand]);
  const dataBytes = lengthOf(data);
  const meta = (dataAt: number): Uint8Array[] =>
    box("meta", [
      u32(0),
      box("hdlr", [u32(0), u32(0), text("pict"), new Uint8Array(13)]),
      box("pitm", [u32(0), u16(ITEM)]),
      // Offsets and lengths of 4 bytes; one item with one extent.
      box("iloc", [u32(0), u16(0x4400), u16(1), u16(ITEM), u16(0), u16(1), u32(dataAt), u32(dataBytes)]),
      box("iinf", [
        u32(0),
        u16(1),
        box("infe", [u32(0x02000000), u16(ITEM), u16(0), text(type), new Uint8Array(1)]),
      ]),
      box("iprp", [
        box("ipco", properties),
        box("ipma", [
          u32(0),
          u32(1),
          u16(ITEM),
          Uint8Array.of(properties.length),
          Uint8Array.from(properties, (_, index) => ESSENTIAL | (index + 1)),
        ]),
      ]),
    ]);
  const dataAt = lengthOf(ftyp) + lengthOf(meta(0)) + BOX_HEADER_BYTES;
  return concatBytes([...ftyp, ...meta(dataAt), ...box("mdat", data)]);
}

/** A box in pieces, so that its content is copied once, however deep it is. */
function box(type: string, content: readonly (Uint8Array | Uint8Array[])[]): Uint8Array[] {
  const pieces = content.flat();
  return [u32(BOX_HEADER_BYTES + lengthOf(pieces)), text(type), ...pieces];
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
}
