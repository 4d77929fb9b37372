/**
 * Files in a byte stream: before each file, its length as a little-endian uint32. There is no count of files in front,
 * because an upload is passed on while the rest of it still arrives.
 */
import type { ByteReader } from "./byte-reader.ts";

const LENGTH_BYTES = 4;

/** The four bytes that precede a file of `length` bytes. */
export function frameHeader(length: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(LENGTH_BYTES);
  new DataView(header.buffer).setUint32(0, length, true);
  return header;
}

/**
 * The next file's length in bytes; undefined after the last file. The caller then reads the file's bytes from the
 * stream.
 */
export async function nextFrame(stream: ByteReader): Promise<number | undefined> {
  const header = await stream.read(LENGTH_BYTES);
  return header && new DataView(header.buffer).getUint32(0, true);
}
