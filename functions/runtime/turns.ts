/**
 * Turns at an isolate's tower. While one piece of work is computed, nothing else runs: no other request of the isolate
 * and, where bindings lead to the same thread, none of the Workers that it serves. So work comes in pieces, at most about
 * 50 ms or one picture each, and every piece is preceded by a timer: that alone returns to the event loop, which then
 * takes new connections and other requests' answers. A microtask does not, and neither does an RPC call that stays in
 * the process. The timer must have been set after the last piece was computed: those of several requests that are due at
 * once fire one after the other, with nothing in between.
 *
 * A request waits with one piece at a time, and pieces are first come, first served: so requests take turns, and a small
 * one is done after at most one piece of each other. A turn holds nothing but the computation, never a wait for bytes or
 * for an answer, so that no slow client can keep it.
 *
 * Waiting is by polling (`sign-of-life.ts` says why), and a request that is silent while the others poll several times
 * loses its place. Polls are counted, not milliseconds, because a long piece silences everybody. A request that was only
 * slow comes back at the end of the line.
 */

/** Polls of each other request that a silent one is waited for. */
const PATIENCE = 8;

interface Place {
  /** Polls of all requests when this one was last heard of. */
  heardAt: number;
}

export class Turns {
  /** Pieces in the order in which they came. */
  readonly #line = new Set<Place>();
  #polls = 0;
  #computed = 0;

  /**
   * Computes a piece of work when its turn comes.
   * @param signal takes it out of the line
   * @throws whatever `piece` throws; the signal's reason
   */
  async take<T>(piece: () => T, signal: AbortSignal): Promise<T> {
    const place: Place = { heardAt: this.#polls };
    this.#line.add(place);
    try {
      let computed: number;
      do {
        computed = this.#computed;
        // About a millisecond. While a piece is computed no timer fires, so a full line costs next to nothing.
        await scheduler.wait(0);
        signal.throwIfAborted();
      } while (!this.#isNext(place) || computed !== this.#computed);
      this.#computed++;
      return piece();
    } finally {
      this.#line.delete(place);
    }
  }

  #isNext(place: Place): boolean {
    place.heardAt = ++this.#polls;
    const patience = PATIENCE * this.#line.size;
    for (const other of this.#line) {
      if (other === place) return true;
      if (this.#polls - other.heardAt <= patience) return false;
      this.#line.delete(other);
    }
    this.#line.add(place);
    return false;
  }
}
