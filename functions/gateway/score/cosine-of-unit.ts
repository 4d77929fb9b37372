/** Cosine of two unit vectors: their product, which rounding may push a hair beyond ±1. */
export function cosineOfUnit(a: Float32Array, b: Float32Array): number {
  return clamp(product(a, b, 0));
}

/** Cosines of a unit vector and the rows of a matrix of them, float32, rows × width. */
export function cosinesWithRows(vector: Float32Array, rows: Float32Array): Float64Array {
  const width = vector.length;
  const cosines = new Float64Array(rows.length / width);
  for (let row = 0; row < cosines.length; row++) cosines[row] = clamp(product(vector, rows, row * width));
  return cosines;
}

function product(a: Float32Array, b: Float32Array, offset: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[offset + i] ?? 0);
  return sum;
}

function clamp(cosine: number): number {
  return Math.max(-1, Math.min(1, cosine));
}
