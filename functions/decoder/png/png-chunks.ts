/** Lists a PNG's chunks in order (ISO/IEC 15948). */

export interface PngChunk {
  type: string;
  /** Offset of the chunk's data in the file, and its length. */
  at: number;
  length: number;
}

const SIGNATURE_BYTES = 8;
/** Bytes before the data (length and type) and after it (CRC). */
const BEFORE_DATA = 8;
const AFTER_DATA = 4;

/** For a chunk that is cut short it yields the part in the file; perhaps only the checksum is missing. */
export function* pngChunks(file: DataView): Generator<PngChunk> {
  for (let at = SIGNATURE_BYTES; at + BEFORE_DATA <= file.byteLength;) {
    const data = at + BEFORE_DATA;
    const length = Math.min(file.getUint32(at), file.byteLength - data);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => file.getUint8(at + i)));
    yield { type, at: data, length };
    at = data + length + AFTER_DATA;
  }
}
