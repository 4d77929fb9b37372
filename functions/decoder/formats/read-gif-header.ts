/**
 * Reads a GIF's size (GIF89a). If the first picture is larger than the canvas, the canvas grows to hold it, as in
 * viewers. Bytes between blocks that start no block are skipped, also as in viewers: some writers leave zeros there.
 */
import type { PictureHeader } from "./picture-header.ts";

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const SCREEN_END = 13;

export function readGifHeader(file: DataView): PictureHeader | undefined {
  const flags = file.getUint8(10);
  let at = SCREEN_END + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  for (let block = file.getUint8(at); block !== IMAGE; block = file.getUint8(at)) {
    if (block === TRAILER) return undefined;
    at += 1;
    if (block !== EXTENSION) continue;
    at += 1;
    for (let length = file.getUint8(at); length > 0; length = file.getUint8(at)) at += 1 + length;
    at += 1;
  }
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => file.getUint16(at + offset, true));
  return {
    placement: { left: left ?? 0, top: top ?? 0 },
    width: Math.max(file.getUint16(6, true), (left ?? 0) + (width ?? 0)),
    height: Math.max(file.getUint16(8, true), (top ?? 0) + (height ?? 0)),
    coding: "GIF",
  };
}
