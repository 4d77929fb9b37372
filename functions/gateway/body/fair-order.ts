/**
 * Who gets room first of those that wait for it: requests of the client that holds least, so that a client with many
 * requests does not always come before one with few. Requests of the same client come in order of arrival. Those without
 * one count as a client together.
 */

interface Sharing {
  /** The client; undefined for a request of none. */
  readonly owner: string | undefined;
  /** Bytes. */
  readonly held: number;
}

/** Bytes that all requests of a client hold. */
export type HeldBy = ReadonlyMap<string | undefined, number>;

export function heldByClient(shares: Iterable<Sharing>): HeldBy {
  const heldBy = new Map<string | undefined, number>();
  for (const { owner, held } of shares) heldBy.set(owner, (heldBy.get(owner) ?? 0) + held);
  return heldBy;
}

/** Lines hold room for long, and the client's own requests are not to come after all others meanwhile. */
export function ownerOf(client: string, isLine: boolean): string {
  return isLine ? `lines of ${client}` : client;
}

/** Negative if the first comes before the second, positive if it comes after it; 0 if they come in order of arrival. */
export function byClient(heldBy: HeldBy, a: Sharing, b: Sharing): number {
  return (heldBy.get(a.owner) ?? 0) - (heldBy.get(b.owner) ?? 0);
}

/** @param shares in order of arrival */
export function inFairOrder<T extends Sharing>(shares: readonly T[]): T[] {
  const heldBy = heldByClient(shares);
  return shares.toSorted((a, b) => byClient(heldBy, a, b));
}

/** The one that holds most; of several, the latest. */
export function largestOf<T extends Sharing>(shares: readonly T[]): T | undefined {
  return shares.toSorted((a, b) => a.held - b.held).at(-1);
}
