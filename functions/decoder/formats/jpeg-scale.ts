/**
 * How small a JPEG may be decoded. The inverse DCT can give each block of 8 × 8 as N × N pixels, for a fraction of the
 * time and memory. What is left of the reduction to the resize must be enough for its filter to show what the full
 * picture would have shown.
 */

/** The short side stays at least this many times the target. */
const MIN_OVERSAMPLING = 2;
const BLOCK = 8;
/** Above half size the saving is small, and an exact result is worth more. */
const MAX_REDUCED = 4;

/**
 * @param target side of the model's input, pixels
 * @returns the size to ask of the codec, which rounds the fraction of it down to eighths; undefined for full size
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
