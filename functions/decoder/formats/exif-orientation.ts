/** The orientation tag of an EXIF block: a TIFF structure (TIFF 6.0, section 2) whose first directory holds it. */
import { readDirectory } from "./tiff-directory.ts";

const ORIENTATION = 0x0112;
/** JPEG's APP1 has it before the block, and some writers leave it there in other formats, too. */
const PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0];

/** Whether a block begins with EXIF's prefix. */
export function isExif(block: DataView): boolean {
  return PREFIX.every((byte, i) => i < block.byteLength && block.getUint8(i) === byte);
}

/** @returns 1–8; 1, which changes nothing, if there is none or the block is damaged */
export function exifOrientation(block: DataView): number {
  const start = isExif(block) ? PREFIX.length : 0;
  const tiff = new DataView(block.buffer, block.byteOffset + start, block.byteLength - start);
  const value = readDirectory(tiff)?.first(ORIENTATION) ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}
