/** Damages files. The damage comes from a seed, so it is the same every time. */
import { mulberry32 } from "../../support/random.ts";

/** Numbers from a seed, each below `limit`. */
export function random(seed: number): (limit: number) => number {
  const next = mulberry32(seed);
  return (limit) => next() % limit;
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
