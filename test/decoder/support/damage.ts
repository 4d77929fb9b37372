/** Damages files. The damage comes from a seed, so it is the same every time. */

/** Numbers from a seed, each below `limit` (mulberry32). */
export function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** Flips bits, sets bytes to extremes, cuts, or copies a piece of one file into another. */
export function damage(file: Uint8Array, other: Uint8Array, next: (limit: number) => number): Uint8Array {
  const copy = Uint8Array.from(file);
  const kind = next(5);
  // Put half of the damage where headers are.
  const at = (): number => next(next(2) === 0 ? Math.min(200, copy.length) : copy.length);
  const times = 1 + next(8);
  for (let i = 0; i < times; i++) {
    const where = at();
    if (kind === 0) copy[where] = (copy[where] ?? 0) ^ (1 << next(8));
    else if (kind === 1) copy[where] = [0, 1, 0x7f, 0x80, 0xff][next(5)] ?? 0;
    else if (kind === 2) copy.set(other.subarray(0, Math.min(64, copy.length - where)), where);
    else if (kind === 3) copy.copyWithin(where, at(), at());
    else return copy.subarray(0, next(copy.length) + 1);
  }
  return copy;
}
