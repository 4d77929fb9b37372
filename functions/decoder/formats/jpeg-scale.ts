/**
 * Chooses how small to decode a JPEG. The inverse DCT can produce each block of 8 × 8 as N × N pixels, for a fraction
 * of the time and memory. The resize must still have enough pixels left for its filter to give nearly the result of the
 * full picture.
 */

/** The reduced short side is at least this many times the target. */
const MIN_OVERSAMPLING = 2;
const BLOCK = 8;
/** Above half size the saving is small, so the picture is decoded in full, which is exact. */
const MAX_REDUCED = 4;

/**
 * @param target side of the model's input, pixels
 * @returns the size to request from the codec, which rounds the fraction down to eighths; undefined for full size
 */
export function jpegScale(
  { width, height }: { width: number; height: number },
  target: number,
): { width: number; height: number } | undefined {
  for (let eighths = 1; eighths <= MAX_REDUCED; eighths++) {
    const scaled = {
      width: Math.ceil((width * eighths) / BLOCK),
      height: Math.ceil((height * eighths) / BLOCK),
    };
    if (Math.min(scaled.width, scaled.height) >= MIN_OVERSAMPLING * target) return scaled;
  }
  return undefined;
}
