/** The unit vector of a weighted sum of unit vectors. */

export interface Weighted {
  /** float32, unit length. */
  vector: Float32Array;
  weight: number;
}

/**
 * A sum that is shorter than this share of its longest part is zero: float32 vectors that cancel each other leave about
 * 1e-7 of their length.
 */
const MIN_LENGTH = 1e-6;

/** @returns float32, unit length; undefined if the sum is zero */
export function mixVectors(parts: readonly Weighted[]): Float32Array | undefined {
  // Divided by the largest weight, tiny weights do not underflow when they are squared.
  const largest = parts.reduce((most, { weight }) => Math.max(most, Math.abs(weight)), 0);
  const sum = new Float64Array(parts[0]?.vector.length ?? 0);
  for (const { vector, weight } of parts) {
    for (const [i, value] of vector.entries()) sum[i] = (sum[i] ?? 0) + (weight / largest) * value;
  }
  const length = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
  // Also false for weights that are all zero, whose sum is NaN.
  if (!(length >= MIN_LENGTH)) return undefined;
  return Float32Array.from(sum, (value) => value / length);
}
