/**
 * Who gets room first of those that wait for it: requests of the client that holds least, so that a client with many
 * requests does not always come before one with few. Requests of the same client, and those without one, come in order
 * of arrival.
 */

interface Sharing {
  /** The client; undefined where clients are not told apart. */
  readonly owner: string | undefined;
  /** Bytes. */
  readonly held: number;
}

/** @param shares in order of arrival */
export function inFairOrder<T extends Sharing>(shares: readonly T[]): T[] {
  const heldBy = new Map<string | undefined, number>();
  for (const { owner, held } of shares) {
    heldBy.set(owner, owner === undefined ? 0 : (heldBy.get(owner) ?? 0) + held);
  }
  return shares.toSorted((a, b) => (heldBy.get(a.owner) ?? 0) - (heldBy.get(b.owner) ?? 0));
}

/** The one that holds most; of several, the latest. */
export function largestOf<T extends Sharing>(shares: readonly T[]): T | undefined {
  return shares.toSorted((a, b) => a.held - b.held).at(-1);
}
