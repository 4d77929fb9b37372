/** GIF (89a): the canvas, grown to the first picture on it if that is larger, which is what viewers do. */
import type { PictureHeader } from "./picture-header.ts";

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const SCREEN_END = 13;

export function readGifHeader(file: DataView): PictureHeader | undefined {
  const flags = file.getUint8(10);
  let at = SCREEN_END + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  while (file.getUint8(at) === EXTENSION) {
    at += 2;
    for (let length = file.getUint8(at); length > 0; length = file.getUint8(at)) at += 1 + length;
    at += 1;
  }
  if (file.getUint8(at) !== IMAGE) return undefined;
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => file.getUint16(at + offset, true));
  return {
    width: Math.max(file.getUint16(6, true), (left ?? 0) + (width ?? 0)),
    height: Math.max(file.getUint16(8, true), (top ?? 0) + (height ?? 0)),
    coding: "GIF",
  };
}
