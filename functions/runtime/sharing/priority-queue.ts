/**
 * Who goes first among requests that wait: first come, first served, but work that nobody waits for (`background`) goes
 * after all others. When these have gone first `MAX_PASSED` times, it goes before them once.
 */
import type { Priority } from "../rpc.ts";

const MAX_PASSED = 8;

/** A request's place in the queue. */
export interface Place {
  readonly priority: Priority;
}

export class PriorityQueue<P extends Place> {
  /** In order of arrival. */
  readonly #places = new Set<P>();
  /** Those that somebody waited for, since the last one in the background. */
  #passed = 0;

  get size(): number {
    return this.#places.size;
  }

  /** Puts it at the end, unless it is in the queue. */
  add(place: P): void {
    this.#places.add(place);
  }

  remove(place: P): void {
    this.#places.delete(place);
  }

  /** Counts a place whose turn has come. */
  count({ priority }: P): void {
    this.#passed = priority === "interactive" ? this.#passed + 1 : 0;
  }

  /** True if everything that somebody waits for goes before it. */
  givesWay(place: P): boolean {
    return this.#rankOf(place) === 2;
  }

  /**
   * Whether it is the place's turn. A place that had been lost is at the end now.
   * @param isExpired whether another request has been silent for so long that it loses its place
   */
  isFirst(place: P, isExpired: (other: P) => boolean): boolean {
    this.add(place);
    let isBefore = true;
    for (const other of this.#places) {
      if (other === place) isBefore = false;
      else if (!this.#goesFirst(other, place, isBefore)) continue;
      else if (!isExpired(other)) return false;
      else this.remove(other);
    }
    return true;
  }

  /** @param isBefore true if `other` came before `place` */
  #goesFirst(other: P, place: P, isBefore: boolean): boolean {
    const [rank, otherRank] = [this.#rankOf(place), this.#rankOf(other)];
    return rank === otherRank ? isBefore : otherRank < rank;
  }

  /** The lowest goes first. */
  #rankOf({ priority }: P): number {
    if (priority === "interactive") return 1;
    return this.#passed >= MAX_PASSED ? 0 : 2;
  }
}
