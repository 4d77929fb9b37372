/**
 * TIFF 6.0: the first directory, which is the first page. A TIFF says how large its pieces are, strips or tiles, and
 * the codec holds one of them unpacked beside the picture: often enough the whole picture is one.
 */
import type { PictureHeader } from "./picture-header.ts";

const IMAGE_WIDTH = 256;
const IMAGE_LENGTH = 257;
const BITS_PER_SAMPLE = 258;
const SAMPLES_PER_PIXEL = 277;
const ROWS_PER_STRIP = 278;
const TILE_WIDTH = 322;
const TILE_LENGTH = 323;
const SHORT = 3;
/** Values of more than four bytes are elsewhere, and only their offset is in the directory. */
const INLINE_SHORTS = 2;

export function readTiffHeader(file: DataView): PictureHeader {
  const littleEndian = file.getUint16(0) === 0x4949;
  const directory = file.getUint32(4, littleEndian);
  const entries = file.getUint16(directory, littleEndian);
  const values = new Map<number, number>();
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    const short = file.getUint16(at + 2, littleEndian) === SHORT;
    const elsewhere = short && file.getUint32(at + 4, littleEndian) > INLINE_SHORTS;
    const value = elsewhere ? file.getUint32(at + 8, littleEndian) : at + 8;
    values.set(
      file.getUint16(at, littleEndian),
      short ? file.getUint16(value, littleEndian) : file.getUint32(value, littleEndian),
    );
  }
  const width = values.get(IMAGE_WIDTH) ?? 0;
  const height = values.get(IMAGE_LENGTH) ?? 0;
  const pixelBytes = ((values.get(BITS_PER_SAMPLE) ?? 1) * (values.get(SAMPLES_PER_PIXEL) ?? 1)) / 8;
  const pieceWidth = values.get(TILE_WIDTH) ?? width;
  const pieceHeight = values.get(TILE_LENGTH) ?? Math.min(values.get(ROWS_PER_STRIP) ?? height, height);
  return { width, height, coding: "TIFF", pieceBytes: Math.ceil(pieceWidth * pieceHeight * pixelBytes) };
}
