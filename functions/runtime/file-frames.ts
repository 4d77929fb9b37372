/**
 * Files one after the other in a byte stream, each after its length: a little-endian uint32. The number of files is
 * not known when the first one is sent: an upload is passed on while the rest of it still arrives.
 */
import type { ByteTaker } from "./byte-taker.ts";

const LENGTH_BYTES = 4;

/** What stands before a file of `length` bytes. */
export function frameHeader(length: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(LENGTH_BYTES);
  new DataView(header.buffer).setUint32(0, length, true);
  return header;
}

/** The next file's length in bytes; undefined after the last file. The file's bytes are the next to be taken. */
export async function nextFrame(stream: ByteTaker): Promise<number | undefined> {
  const header = await stream.read(LENGTH_BYTES);
  return header && new DataView(header.buffer).getUint32(0, true);
}
