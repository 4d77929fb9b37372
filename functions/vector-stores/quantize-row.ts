import type { QuantizedRow } from "./stored-picture.ts";

/** Largest value of a quantized row. -128 is not used, so that a row and its negative are each other's mirror image. */
export const MAX_INT = 127;

/**
 * Quantizes a vector to int8 with one scale of its own: `ints[i] = round(value[i] ÷ scale)`, `scale = max|value| ÷ 127`
 * in float32. The error of a cosine with a unit vector is about `0.29 × scale`.
 * @param vector float32, finite, of unit length; a vector of zeros has the scale 0
 */
export function quantizeRow(vector: Float32Array): QuantizedRow {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const scale = Math.fround(largest / MAX_INT);
  const ints = new Int8Array(vector.length);
  if (scale === 0) return { ints, scale: 0 };
  for (const [i, value] of vector.entries()) {
    ints[i] = Math.max(-MAX_INT, Math.min(MAX_INT, Math.round(value / scale)));
  }
  return { ints, scale };
}
