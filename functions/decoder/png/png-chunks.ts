/** PNG (ISO/IEC 15948): the file's chunks in order. */

export interface PngChunk {
  type: string;
  /** Offset of its data in the file, and its length. */
  at: number;
  length: number;
}

const SIGNATURE_BYTES = 8;
/** Length and type before the data, CRC after it. */
const BEFORE_DATA = 8;
const AFTER_DATA = 4;

/** Of a chunk that the file does not hold whole, what there is: it may be all but the checksum. */
export function* pngChunks(file: DataView): Generator<PngChunk> {
  for (let at = SIGNATURE_BYTES; at + BEFORE_DATA <= file.byteLength;) {
    const data = at + BEFORE_DATA;
    const length = Math.min(file.getUint32(at), file.byteLength - data);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => file.getUint8(at + i)));
    yield { type, at: data, length };
    at = data + length + AFTER_DATA;
  }
}
