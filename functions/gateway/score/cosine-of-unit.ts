/** Cosine of two unit vectors: their product, which rounding may push a hair beyond ±1. */
export function cosineOfUnit(a: Float32Array, b: Float32Array): number {
  let product = 0;
  for (let i = 0; i < a.length; i++) product += (a[i] ?? 0) * (b[i] ?? 0);
  return Math.max(-1, Math.min(1, product));
}
