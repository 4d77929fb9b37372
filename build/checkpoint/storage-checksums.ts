/**
 * Checks storages against the zip's CRC-32. A checksum covers a whole storage, but the largest tensor, the token table,
 * is read a few rows at a time. So the checksum is continued for as long as each read begins where the last one ended.
 * Reads in another order, and tensors that are only a part of a storage, are not checked.
 */
import { crc32 } from "node:zlib";
import type { ZipEntry } from "./zip-directory.ts";

/**
 * @returns a function that is called with bytes and their offset, and returns true if they complete a damaged storage
 */
export function storageChecksums(): (entry: ZipEntry, bytes: Uint8Array, start: number) => boolean {
  const partial = new Map<string, { end: number; crc: number }>();
  return (entry, bytes, start) => {
    const before = start === entry.start ? { end: start, crc: 0 } : partial.get(entry.name);
    if (before?.end !== start) return false;
    const end = start + bytes.byteLength;
    const crc = crc32(bytes, before.crc);
    if (end < entry.start + entry.bytes) {
      partial.set(entry.name, { end, crc });
      return false;
    }
    partial.delete(entry.name);
    return crc !== entry.crc32;
  };
}
