/** A BMP of noise, which is not compressed. Different seeds give different files. */
const HEADER_BYTES = 54;

/** @param width pixels, a multiple of 4 */
export function noiseBmp(width: number, height: number, seed: number): Uint8Array<ArrayBuffer> {
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
  let state = seed;
  for (let at = HEADER_BYTES; at < bytes.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
