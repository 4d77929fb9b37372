/** Replaces OS/2's second BMP header by a header that the codec can read. */
import type { CodecView } from "./picture-header.ts";

export const FILE_HEADER_BYTES = 14;
export const OS2_HEADER_BYTES = 12;
export const WINDOWS_HEADER_BYTES = 40;
const PIXELS_AT = 10;

/**
 * Uses Windows' header, whose fields are the first fields of OS/2's second header. After a longer header the codec
 * would expect palette entries of three bytes, but they have four.
 * @param headerBytes at least the length of Windows' header
 * @param pixelsAt offset of the pixels in the file
 */
export function asWindows(file: DataView, headerBytes: number, pixelsAt: number): CodecView {
  const start = headerBytes - WINDOWS_HEADER_BYTES;
  const bytes = bytesOf(file, 0, FILE_HEADER_BYTES + WINDOWS_HEADER_BYTES);
  const header = new DataView(bytes.buffer);
  header.setUint32(PIXELS_AT, pixelsAt - start, true);
  header.setUint32(FILE_HEADER_BYTES, WINDOWS_HEADER_BYTES, true);
  return { start, end: file.byteLength, changes: [{ at: start, bytes }] };
}

/**
 * Uses OS/2's first header, which is shorter than every second header. It has 16-bit sides and palette entries of three
 * bytes: the first three of the file's four.
 * @param headerBytes less than the length of Windows' header
 * @param pixelsAt offset of the pixels in the file
 */
export function asFirstOs2(file: DataView, headerBytes: number, pixelsAt: number): CodecView {
  const bits = file.getUint16(28, true);
  const colours = bits > 8 ? 0 : 2 ** bits;
  const bytes = new Uint8Array(FILE_HEADER_BYTES + OS2_HEADER_BYTES + 3 * colours);
  const start = pixelsAt - bytes.length;
  const header = new DataView(bytes.buffer);
  bytes.set(bytesOf(file, 0, FILE_HEADER_BYTES));
  header.setUint32(PIXELS_AT, bytes.length, true);
  header.setUint32(FILE_HEADER_BYTES, OS2_HEADER_BYTES, true);
  for (const [at, value] of [file.getUint32(18, true), file.getUint32(22, true), 1, bits].entries()) {
    // Longer sides do not fit in 16 bits, but they are above the limit anyway.
    header.setUint16(FILE_HEADER_BYTES + 4 + 2 * at, Math.min(value, 0xffff), true);
  }
  for (let i = 0; i < colours; i++) {
    const entry = FILE_HEADER_BYTES + headerBytes + 4 * i;
    if (entry + 4 <= pixelsAt)
      bytes.set(bytesOf(file, entry, 3), FILE_HEADER_BYTES + OS2_HEADER_BYTES + 3 * i);
  }
  if (start < 0) throw new RangeError("the palette is cut short");
  return { start, end: file.byteLength, changes: [{ at: start, bytes }] };
}

function bytesOf(
  { buffer, byteOffset, byteLength }: DataView,
  start: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  if (start + length > byteLength) throw new RangeError("outside the file");
  return new Uint8Array(buffer as ArrayBuffer, byteOffset + start, length).slice();
}
