/** Writes a gray TIFF (TIFF 6.0) in one strip, with any tags that a test needs. */

export interface TiffSource {
  width: number;
  height: number;
  /** Bits of a sample. */
  depth: number;
  /** The strip, as stored. */
  data: Buffer;
  compression?: number;
  whiteIsZero?: boolean;
  /** Further entries: tag, type, count, value or offset. */
  tags?: readonly (readonly [tag: number, type: number, count: number, value: number])[];
  /** Offset of the next directory. */
  next?: number;
}

const STRIP_AT = 8;

/** Little-endian; the directory follows the strip. */
export function writeTiff(source: TiffSource): Uint8Array<ArrayBuffer> {
  const { width, height, depth, data, compression = 1, whiteIsZero = false, tags = [], next = 0 } = source;
  const entries = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, depth],
    [259, 3, 1, compression],
    [262, 3, 1, whiteIsZero ? 0 : 1],
    [273, 4, 1, STRIP_AT],
    [277, 3, 1, 1],
    [278, 4, 1, height],
    [279, 4, 1, data.length],
    ...tags,
  ].toSorted(([a = 0], [b = 0]) => a - b);
  const directoryAt = STRIP_AT + data.length + (data.length % 2);
  const file = Buffer.alloc(directoryAt + 2 + 12 * entries.length + 4);
  file.write("II*\0", "latin1");
  file.writeUInt32LE(directoryAt, 4);
  data.copy(file, STRIP_AT);
  file.writeUInt16LE(entries.length, directoryAt);
  for (const [i, [tag = 0, type = 0, count = 0, value = 0]] of entries.entries()) {
    const at = directoryAt + 2 + 12 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  file.writeUInt32LE(next, file.length - 4);
  return Uint8Array.from(file);
}
