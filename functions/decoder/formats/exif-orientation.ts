/**
 * Reads the orientation tag from an EXIF block, which is a TIFF structure (TIFF 6.0, section 2). The tag is in its
 * first directory.
 */
import { readDirectory } from "./tiff-directory.ts";

const ORIENTATION = 0x0112;
/** JPEG's APP1 has this prefix before the block; some writers put it there in other formats, too. */
const PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0];

/** True if the block begins with EXIF's prefix. */
export function isExif(block: DataView): boolean {
  return PREFIX.every((byte, i) => i < block.byteLength && block.getUint8(i) === byte);
}

/** @returns 1–8; 1 (no change) if the tag is missing or the block is damaged */
export function exifOrientation(block: DataView): number {
  const start = isExif(block) ? PREFIX.length : 0;
  const tiff = new DataView(block.buffer, block.byteOffset + start, block.byteLength - start);
  const value = readDirectory(tiff)?.first(ORIENTATION) ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}
