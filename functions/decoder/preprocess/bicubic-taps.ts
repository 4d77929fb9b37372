/**
 * The weights of Pillow's antialiased bicubic resize, one axis at a time, in its fixed-point form
 * (`Resample.c`: `precompute_coeffs`, `normalize_coeffs_8bpc`). The filter is Keys' cubic with a = −0.5, stretched
 * by the reduction when shrinking, so that every source pixel counts.
 */

/** Weights are integers over 2²². A product with an 8-bit pixel, and 2 bits of head room, still fit in 32 bits. */
export const PRECISION_BITS = 22;
const SUPPORT = 2;
const A = -0.5;

export interface Taps {
  /** First source index for each output index. */
  starts: Int32Array;
  /** Number of source indices for each output index. */
  counts: Int32Array;
  /** Fixed-point weights, `stride` for each output index; unused ones are 0. */
  weights: Int32Array;
  stride: number;
}

/**
 * @param source length of the axis in the source, pixels
 * @param target length of the axis in the whole resized picture, pixels
 * @param first first output index to compute
 * @param count number of output indices to compute
 */
export function bicubicTaps(source: number, target: number, first: number, count: number): Taps {
  const scale = source / target;
  const stretch = Math.max(1, scale);
  // Multiply by the reciprocal instead of dividing, as Pillow does: the last bit of a weight may differ.
  const shrink = 1 / stretch;
  const support = SUPPORT * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const taps: Taps = {
    starts: new Int32Array(count),
    counts: new Int32Array(count),
    weights: new Int32Array(count * stride),
    stride,
  };
  for (let index = 0; index < count; index++) {
    const center = (first + index + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(source, Math.trunc(center + support + 0.5));
    taps.starts[index] = start;
    taps.counts[index] = end - start;
    const weights = Float64Array.from({ length: end - start }, (_, i) =>
      bicubic((start + i - center + 0.5) * shrink),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, weight] of weights.entries()) {
      taps.weights[index * stride + i] = roundAwayFromZero((weight / total) * 2 ** PRECISION_BITS);
    }
  }
  return taps;
}

/** Keys' cubic convolution kernel. */
function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * A;
  return 0;
}

function roundAwayFromZero(value: number): number {
  return Math.trunc(value + Math.sign(value) * 0.5);
}
