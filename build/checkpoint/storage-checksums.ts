/**
 * Checks storages against the zip's CRC-32. A checksum covers a whole storage, and the largest tensor, the token
 * table, is only ever read some rows at a time: the checksum runs along for as long as the reads follow each other.
 * Reads out of order, and tensors that are part of a storage, cannot be checked and are let through.
 */
import { crc32 } from "node:zlib";
import type { ZipEntry } from "./zip-directory.ts";

/** @returns a function that takes bytes read at an offset in the file: true if they complete a damaged storage */
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
