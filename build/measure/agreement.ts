/** Compares a tower's values with those of the same tower in fp32. */
import type { Activation } from "./graph-runner.ts";

export interface Agreement {
  /** Cosine of the two, as vectors. */
  cosine: number;
  /** Root mean square of the difference, divided by that of the fp32 values. */
  relativeError: number;
}

/** The agreement of the worst sample. @param exact, found one tensor a sample, of equal lengths */
export function agreement(exact: readonly Activation[], found: readonly Activation[]): Agreement {
  const samples = exact.map(({ data }, i) => compare(data, found[i]?.data ?? new Float32Array(0)));
  return {
    cosine: Math.min(...samples.map(({ cosine }) => cosine)),
    relativeError: Math.max(...samples.map(({ relativeError }) => relativeError)),
  };
}

/** The signal-to-noise ratio in decibels. */
export function decibels({ relativeError }: Agreement): number {
  return -20 * Math.log10(relativeError);
}

function compare(exact: Float32Array, found: Float32Array): Agreement {
  let [product, squares, foundSquares, errors] = [0, 0, 0, 0];
  for (let i = 0; i < exact.length; i++) {
    const a = exact[i] ?? 0;
    const b = found[i] ?? NaN;
    product += a * b;
    squares += a * a;
    foundSquares += b * b;
    errors += (a - b) ** 2;
  }
  return {
    cosine: product / Math.sqrt(squares * foundSquares),
    relativeError: Math.sqrt(errors / squares),
  };
}
