/** What a HEIF item's `colr` box says of its colours as code points (ISO/IEC 14496-12, 12.1.5). */
import type { ColourDescription } from "../av1/av1-item.ts";
import type { Box } from "./boxes.ts";

export const NCLX = 0x6e636c78;
/** Primaries, transfer and matrix, 16 bits each. */
export const CODE_POINTS_AT = 4;
export const MATRIX_AT = 8;
/** In its highest bit. */
const RANGE_AT = 10;
/** What an item's own properties say of its colours; undefined if they leave it to the bitstream. */
export function nclxOf(properties: readonly Box[]): ColourDescription | undefined {
  const content = properties.find(
    ({ type, content: colr }) => type === "colr" && colr.getUint32(0) === NCLX,
  )?.content;
  return (
    content && {
      primaries: content.getUint16(CODE_POINTS_AT),
      matrix: content.getUint16(MATRIX_AT),
      fullRange: content.getUint8(RANGE_AT) >> 7 === 1,
    }
  );
}
