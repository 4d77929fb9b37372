/** Random inputs for property tests. They come from a seed, so a failure can be repeated. */

/** Uniform in [0, 1): a linear congruential generator with the constants of Numerical Recipes. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Whole numbers below 2 ** 32. Unlike those of `random`, the first ones of neighboring seeds have nothing in common. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** A vector of unit length, float32. */
export function unitVector(width: number, next: () => number): Float32Array {
  const values = Array.from({ length: width }, () => next() - 0.5);
  const norm = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / norm);
}
