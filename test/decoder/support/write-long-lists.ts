/**
 * Writes files with far more boxes, chunks, items or entries than any picture has, or that claim them out of no bytes.
 */
import { pngChunk } from "./write-png.ts";
import { box, u16, u32, u8 } from "./write-heic.ts";
import { writeTiff } from "./write-tiff.ts";

/** A HEIC with nothing but these boxes in `meta`. The primary item is 1. */
export function heifOf(...meta: Buffer[]): Uint8Array {
  const ftyp = box("ftyp", Buffer.from("heic"), u32(0), Buffer.from("mif1heic"));
  return Buffer.concat([ftyp, box("meta", u32(0), box("pitm", u32(0), u16(1)), ...meta)]);
}

/** `iinf` of items 1, 2, … of these types. */
export function infos(types: readonly string[]): Buffer {
  const entries = types.map((type, i) =>
    box("infe", u32(0x02000000), u16(i + 1), u16(0), Buffer.from(`${type}\0`)),
  );
  return box("iinf", u32(0), u16(types.length), ...entries);
}

/** `iloc` of items 1, 2, … that state 65,535 pieces of data each, whose fields have 0 bytes. */
export function emptyExtents(items: number): Buffer {
  const entries = Array.from({ length: items }, (_, i) => Buffer.concat([u16(i + 1), u16(0), u16(0xffff)]));
  return box("iloc", u32(0), u16(0), u16(items), ...entries);
}

/** `iref` from item 1 to the items after it. */
export function partsOf(parts: number): Buffer {
  const ids = Array.from({ length: parts }, (_, i) => u16(i + 2));
  return box("iref", u32(0), box("dimg", u16(1), u16(parts), ...ids));
}

/** A picture that this many items call their master, and share a description of their role of this many bytes. */
export function manyAuxiliaries(items: number, roleBytes: number): Uint8Array {
  const references = Array.from({ length: items }, (_, i) => box("auxl", u16(i + 2), u16(1), u16(1)));
  const associations = Array.from({ length: items }, (_, i) => Buffer.concat([u16(i + 2), u8(1), u8(2)]));
  return heifOf(
    infos(["hvc1", ...Array.from({ length: items }, () => "hvc1")]),
    box("iloc", u32(0), u16(0), u16(0)),
    box("iref", u32(0), ...references),
    box(
      "iprp",
      box("ipco", box("ispe", u32(0), u32(64), u32(64)), box("auxC", u32(0), Buffer.alloc(roleBytes, "x"))),
      box("ipma", u32(0), u32(items + 1), u16(1), u8(1), u8(1), ...associations),
    ),
  );
}

export function manyProperties(properties: number): Uint8Array {
  const container = box("ipco", Buffer.alloc(8 * properties, box("free")));
  return heifOf(infos(["hvc1"]), emptyExtents(0), box("iprp", container));
}

export function manyItems(items: number): Uint8Array {
  const info = box("infe", u32(0x02000000), u16(1), u16(0), Buffer.from("hvc1"));
  const list = box("iinf", u32(0), u16(0), Buffer.alloc(info.length * items, info));
  return heifOf(list, emptyExtents(0), box("iprp"));
}

/** 65,535 items, each with 255 times the same property. */
export function manyAssociations(): Uint8Array {
  const items = 0xffff;
  const associations = Array.from({ length: items }, (_, i) =>
    Buffer.concat([u16(i + 1), u8(255), Buffer.alloc(255, 1)]),
  );
  const properties = [box("ipco", box("free")), box("ipma", u32(0), u32(items), ...associations)];
  return heifOf(infos(["hvc1"]), emptyExtents(0), box("iprp", ...properties));
}

export function manyWebpChunks(chunks: number): Uint8Array {
  const canvas = Buffer.from("RIFF    WEBPVP8X\x0a\0\0\0..........", "latin1");
  return Buffer.concat([canvas, Buffer.alloc(8 * chunks, Buffer.from("JUNK\0\0\0\0", "latin1"))]);
}

/** An RGB PNG of 64 × 64 without data. */
export function manyPngChunks(type: string, chunks: number): Uint8Array {
  const header = Buffer.concat([u32(64), u32(64), Buffer.from([8, 2, 0, 0, 0])]);
  const chunk = pngChunk(type, Buffer.alloc(0));
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    pngChunk("IHDR", header),
    Buffer.alloc(chunk.length * chunks, chunk),
  ]);
}

/** A TIFF whose directory has as many private tags as there can be. */
export function manyTiffTags(): Uint8Array {
  const tags = Array.from({ length: 65_000 }, () => [50_000, 1, 1, 0] as const);
  return writeTiff({ width: 64, height: 64, depth: 8, data: Buffer.alloc(64 * 64), tags });
}
