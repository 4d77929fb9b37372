/** Reads the code points in a HEIF item's `colr` box (ISO/IEC 14496-12, 12.1.5). */
import type { ColourDescription } from "../av1/av1-item.ts";
import type { Box } from "./boxes.ts";

const NCLX = 0x6e636c78;
/** Offset of primaries, transfer and matrix, 16 bits each. */
export const CODE_POINTS_AT = 4;
export const MATRIX_AT = 8;
/** Offset of the byte whose highest bit is the range. */
const RANGE_AT = 10;

/** True for a colour description, false for a colour profile, which is in a `colr` box too. */
export function isNclx({ type, content }: Box): boolean {
  return type === "colr" && content.byteLength >= CODE_POINTS_AT && content.getUint32(0) === NCLX;
}

/** The colour description in an item's own properties; undefined if only the bitstream has one. */
export function nclxOf(properties: readonly Box[]): ColourDescription | undefined {
  const content = properties.find(isNclx)?.content;
  return (
    content && {
      primaries: content.getUint16(CODE_POINTS_AT),
      matrix: content.getUint16(MATRIX_AT),
      fullRange: content.getUint8(RANGE_AT) >> 7 === 1,
    }
  );
}
