/**
 * Cosine of two unit vectors: their dot product, clamped because rounding may give slightly more than 1 or less than
 * -1.
 */
export function cosineOfUnit(a: Float32Array, b: Float32Array): number {
  return clamp(product(a, b, 0));
}

/** Cosines of a unit vector with each row of a matrix of unit vectors, float32, rows × width. */
export function cosinesWithRows(vector: Float32Array, rows: Float32Array): Float64Array {
  const width = vector.length;
  const cosines = new Float64Array(rows.length / width);
  for (let row = 0; row < cosines.length; row++) cosines[row] = clamp(product(vector, rows, row * width));
  return cosines;
}

/** Dot product with four independent sums. A single sum is slower, because each addition waits for the one before. */
function product(a: Float32Array, b: Float32Array, offset: number): number {
  const quads = a.length - (a.length % 4);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < quads; i += 4) {
    s0 += (a[i] ?? 0) * (b[offset + i] ?? 0);
    s1 += (a[i + 1] ?? 0) * (b[offset + i + 1] ?? 0);
    s2 += (a[i + 2] ?? 0) * (b[offset + i + 2] ?? 0);
    s3 += (a[i + 3] ?? 0) * (b[offset + i + 3] ?? 0);
  }
  for (let i = quads; i < a.length; i++) s0 += (a[i] ?? 0) * (b[offset + i] ?? 0);
  return s0 + s1 + s2 + s3;
}

function clamp(cosine: number): number {
  return Math.max(-1, Math.min(1, cosine));
}
