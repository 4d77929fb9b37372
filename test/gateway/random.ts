/** Random inputs for property tests. They come from a seed, so a failure can be repeated. */

/** Uniform in [0, 1): a linear congruential generator with the constants of Numerical Recipes. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A vector of unit length, float32. */
export function unitVector(width: number, next: () => number): Float32Array {
  const values = Array.from({ length: width }, () => next() - 0.5);
  const norm = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / norm);
}
