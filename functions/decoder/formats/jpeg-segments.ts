/**
 * Lists a JPEG's segments in order (ITU-T T.81, annex B). Like other decoders it skips bytes that are no marker,
 * because some writers leave bytes between segments, or comments with a wrong length.
 */

export interface JpegSegment {
  marker: number;
  /** Offset of its content, after the length field. */
  at: number;
  /** Length of the content, bytes; 0 if the length field is smaller than the field itself. */
  length: number;
}

export const SOS = 0xda;
const EOI = 0xd9;
const LENGTH_BYTES = 2;
/** Markers without a length: TEM, RST0–7, SOI. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** Goes to the end marker or the end of the file. It skips the coded pixels between scans. */
export function* jpegSegments(file: DataView): Generator<JpegSegment> {
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  for (let at = bytes.indexOf(0xff, LENGTH_BYTES); at >= 0; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1];
    if (marker === undefined || marker === EOI) return;
    if (marker === 0 || isBare(marker)) at += 2;
    else if (marker === 0xff) at += 1;
    else {
      if (at + 2 + LENGTH_BYTES > bytes.length) return;
      const length = Math.max(file.getUint16(at + 2), LENGTH_BYTES);
      yield { marker, at: at + 2 + LENGTH_BYTES, length: length - LENGTH_BYTES };
      at += 2 + length;
    }
  }
}
