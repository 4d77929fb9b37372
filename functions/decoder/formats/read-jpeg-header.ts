/** Reads a JPEG's frame, first scan, and orientation in EXIF's APP1 (ITU-T T.81). */
import { exifOrientation, isExif } from "./exif-orientation.ts";
import { type JpegSegment, jpegSegments, SOS } from "./jpeg-segments.ts";
import type { PictureHeader } from "./picture-header.ts";

const APP1 = 0xe1;
/** Table B.1: frames are 0xC0–0xCF except these three. */
const NOT_FRAMES = new Set([0xc4, 0xc8, 0xcc]);
const PROGRESSIVE_FRAMES = new Set([0xc2, 0xc6, 0xca, 0xce]);
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.has(marker);

export function readJpegHeader(file: DataView): PictureHeader | undefined {
  let frame: JpegSegment | undefined;
  let exif: DataView | undefined;
  for (const segment of jpegSegments(file)) {
    const { marker, at, length } = segment;
    if (isFrame(marker)) frame = segment;
    if (marker === APP1 && exif === undefined) {
      const block = new DataView(file.buffer, file.byteOffset + at, Math.min(length, file.byteLength - at));
      if (isExif(block)) exif = block;
    }
    if (marker !== SOS) continue;
    if (frame === undefined) return undefined;
    // A baseline file may have one scan for each colour. The codec then keeps all coefficients, as for a progressive
    // file.
    const progressive =
      PROGRESSIVE_FRAMES.has(frame.marker) || file.getUint8(at) < file.getUint8(frame.at + 5);
    return {
      width: file.getUint16(frame.at + 3),
      height: file.getUint16(frame.at + 1),
      coding: progressive ? "progressive JPEG" : "baseline JPEG",
      orientation: exif === undefined ? 1 : exifOrientation(exif),
    };
  }
  return undefined;
}

/**
 * True if a progressive file has all its scans: all 64 coefficients of each component, down to the lowest bit. A
 * decoder cannot detect a file that ends between two scans (T.81, G.1.1.1).
 */
export function hasAllScans(file: DataView): boolean {
  /** The lowest bit present, by component and coefficient. */
  const lowestBits = new Map<number, number[]>();
  for (const { marker, at, length } of jpegSegments(file)) {
    if (isFrame(marker)) {
      // A segment may state more components than it has room for.
      const components = Math.min(file.getUint8(at + 5), Math.floor((length - 6) / 3));
      for (let i = 0; i < components; i++)
        lowestBits.set(
          file.getUint8(at + 6 + 3 * i),
          Array.from({ length: 64 }, () => 1),
        );
    }
    if (marker !== SOS) continue;
    const components = file.getUint8(at);
    if (length < 4 + 2 * components) continue;
    const [first, last, bits] = [1, 2, 3].map((i) => file.getUint8(at + 2 * components + i));
    for (let i = 0; i < components; i++) {
      lowestBits.get(file.getUint8(at + 1 + 2 * i))?.fill((bits ?? 0) & 15, first, (last ?? 0) + 1);
    }
  }
  return [...lowestBits.values()].every((coefficients) => coefficients.every((bit) => bit === 0));
}
