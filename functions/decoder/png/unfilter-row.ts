/**
 * Undoes PNG's row filters (ISO/IEC 15948, clause 9). A filter stores each byte as its difference from a prediction.
 */
import { ServiceError } from "../../runtime/errors.ts";

/**
 * Changes `row` in place.
 * @param above the row before, unfiltered; zeros before the first
 * @param pixelBytes bytes from one pixel to the next
 * @throws ServiceError `invalid_image` for a filter that does not exist
 */
export function unfilterRow(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  if (filter > 4) throw new ServiceError("invalid_image", "the PNG's data is damaged");
  if (filter === 0) return;
  for (let i = 0; i < row.length; i++) {
    const left = i < pixelBytes ? 0 : (row[i - pixelBytes] ?? 0);
    const up = above[i] ?? 0;
    const upLeft = i < pixelBytes ? 0 : (above[i - pixelBytes] ?? 0);
    const prediction =
      filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, upLeft);
    row[i] = (row[i] ?? 0) + prediction;
  }
}

/** The neighbor nearest to `left + up − upLeft`; ties go in this order. */
function paeth(left: number, up: number, upLeft: number): number {
  const toLeft = Math.abs(up - upLeft);
  const toUp = Math.abs(left - upLeft);
  const toUpLeft = Math.abs(left + up - 2 * upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}
