/** Cosine of two vectors of any length and norm. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    product += (a[i] ?? 0) * (b[i] ?? 0);
    squaresA += (a[i] ?? 0) ** 2;
    squaresB += (b[i] ?? 0) ** 2;
  }
  return product / Math.sqrt(squaresA * squaresB);
}
