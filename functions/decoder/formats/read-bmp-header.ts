/** BMP: OS/2's header has 16-bit sides, all later ones 32-bit sides; a negative height means rows from the top. */
import type { PictureHeader } from "./picture-header.ts";

const OS2_HEADER_BYTES = 12;

export function readBmpHeader(file: DataView): PictureHeader {
  const os2 = file.getUint32(14, true) === OS2_HEADER_BYTES;
  return {
    width: os2 ? file.getUint16(18, true) : Math.abs(file.getInt32(18, true)),
    height: os2 ? file.getUint16(20, true) : Math.abs(file.getInt32(22, true)),
    coding: "BMP",
  };
}
