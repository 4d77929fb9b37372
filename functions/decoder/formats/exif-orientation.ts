/** The orientation tag of an EXIF block: a TIFF structure (TIFF 6.0, section 2) whose first directory holds it. */

const ORIENTATION = 0x0112;
/** Some writers leave the prefix of JPEG's APP1 in other formats, too. */
const PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0];

/** @returns 1–8; 1, which changes nothing, if there is none or the block is damaged */
export function exifOrientation(block: DataView): number {
  try {
    const prefixed = PREFIX.every((byte, i) => block.getUint8(i) === byte);
    const start = prefixed ? PREFIX.length : 0;
    const littleEndian = block.getUint16(start) === 0x4949;
    const directory = start + block.getUint32(start + 4, littleEndian);
    const entries = block.getUint16(directory, littleEndian);
    for (let entry = 0; entry < entries; entry++) {
      const at = directory + 2 + 12 * entry;
      if (block.getUint16(at, littleEndian) !== ORIENTATION) continue;
      const value = block.getUint16(at + 8, littleEndian);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}
