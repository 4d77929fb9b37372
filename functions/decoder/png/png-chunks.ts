/** Walks through a PNG's chunks in order (ISO/IEC 15948). */
import { fourCharacters } from "../formats/four-characters.ts";

export interface PngChunk {
  type: string;
  /** Offset of the chunk's data in the file, and its length. */
  at: number;
  length: number;
  /** Offset of the next chunk. */
  nextAt: number;
}

/** Offset of the first chunk, after the signature. */
export const FIRST_CHUNK_AT = 8;
/** Bytes before the data (length and type) and after it (CRC). */
const BEFORE_DATA = 8;
const AFTER_DATA = 4;

export function* pngChunks(file: DataView): Generator<PngChunk> {
  for (let chunk = chunkAt(file, FIRST_CHUNK_AT); chunk; chunk = chunkAt(file, chunk.nextAt)) yield chunk;
}

/**
 * For a chunk that is cut short it gives the part in the file; perhaps only the checksum is missing.
 * @returns undefined at the end of the file
 */
export function chunkAt(file: DataView, at: number): PngChunk | undefined {
  if (at + BEFORE_DATA > file.byteLength) return undefined;
  const data = at + BEFORE_DATA;
  const length = Math.min(file.getUint32(at), file.byteLength - data);
  return { type: fourCharacters(file, at + 4), at: data, length, nextAt: data + length + AFTER_DATA };
}
