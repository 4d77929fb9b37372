/** One tile of a grid as a HEIF file of its own, for a codec that reads files. */
import { within } from "./boxes.ts";
import type { Item } from "./read-items.ts";

/** What decoding a tile takes; how the whole picture is turned is not for the tile. */
const DESCRIPTIVE = new Set(["hvcC", "av1C", "ispe", "colr", "pixi", "pasp"]);
/** Where an item's index among the properties says that it must be understood. */
const ESSENTIAL = 0x80;
const ITEM = 1;

/** @returns the file, in pieces */
export function writeTile({ type, extents, properties }: Item): Uint8Array[] {
  const described = properties.filter((property) => DESCRIPTIVE.has(property.type));
  const ftyp = box(
    "ftyp",
    text(type === "av01" ? "avif" : "heic"),
    u32(0),
    text("mif1"),
    text(type === "av01" ? "avif" : "heic"),
  );
  const dataBytes = extents.reduce((sum, extent) => sum + extent.byteLength, 0);
  const meta = (dataAt: number): Uint8Array =>
    box(
      "meta",
      u32(0),
      box("hdlr", u32(0), u32(0), text("pict"), new Uint8Array(13)),
      box("pitm", u32(0), u16(ITEM)),
      // Offsets and lengths of 4 bytes, one item of one extent.
      box("iloc", u32(0), u16(0x4400), u16(1), u16(ITEM), u16(0), u16(1), u32(dataAt), u32(dataBytes)),
      box(
        "iinf",
        u32(0),
        u16(1),
        box("infe", u32(0x02000000), u16(ITEM), u16(0), text(type), new Uint8Array(1)),
      ),
      box(
        "iprp",
        box("ipco", ...described.map(({ whole }) => bytesOf(whole))),
        box(
          "ipma",
          u32(0),
          u32(1),
          u16(ITEM),
          Uint8Array.of(described.length, ...described.map((_, index) => ESSENTIAL | (index + 1))),
        ),
      ),
    );
  const mdatHeader = Uint8Array.from([...u32(dataBytes + 8), ...text("mdat")]);
  const dataAt = ftyp.length + meta(0).length + mdatHeader.length;
  return [ftyp, meta(dataAt), mdatHeader, ...extents.map((extent) => bytesOf(within(extent, 0)))];
}

function box(type: string, ...content: Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 8);
  const bytes = new Uint8Array(length);
  bytes.set(u32(length));
  bytes.set(text(type), 4);
  let at = 8;
  for (const part of content) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
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
