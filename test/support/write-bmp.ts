/** BMPs, which are not compressed: of noise, of which different seeds give different files, and of one color. */
import { random } from "./random.ts";

const HEADER_BYTES = 54;

/** @param width pixels, a multiple of 4 */
export function noiseBmp(width: number, height: number, seed: number): Uint8Array<ArrayBuffer> {
  const next = random(seed);
  return bmp(width, height, () => Math.floor(256 * next()));
}

/** @param width pixels, a multiple of 4 @param color red, green, blue */
export function solidBmp(
  width: number,
  height: number,
  [red, green, blue]: readonly [number, number, number],
): Uint8Array<ArrayBuffer> {
  const stored = [blue, green, red];
  return bmp(width, height, (index) => stored[index % 3] ?? 0);
}

function bmp(width: number, height: number, valueAt: (index: number) => number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + 3 * width * height);
  const view = new DataView(bytes.buffer);
  const header: [offset: number, value: number][] = [
    [2, bytes.length],
    [10, HEADER_BYTES],
    [14, HEADER_BYTES - 14],
    [18, width],
    [22, height],
    [26, 1 | (24 << 16)],
    [34, 3 * width * height],
  ];
  view.setUint16(0, 0x4d42, true);
  for (const [offset, value] of header) view.setUint32(offset, value, true);
  for (let at = HEADER_BYTES; at < bytes.length; at++) bytes[at] = valueAt(at - HEADER_BYTES);
  return bytes;
}
