/**
 * Turns at an isolate's tower. While a piece of work is computed, nothing else runs: no other request of the isolate
 * and, if bindings lead to the same thread, none of the Workers that it serves. So work is cut into pieces of about 50
 * ms or one picture, and before each piece the request waits for a timer. Only a timer returns to the event loop, which
 * then accepts new connections and other requests' answers; a microtask does not, and neither does an RPC call within
 * the process. The timer must be set after the last piece was computed: timers of several requests that are due at once
 * fire one after the other, and the event loop does nothing in between.
 *
 * A request has at most one piece in line, and pieces are first come, first served. So requests take turns, and a small
 * request waits for at most one piece of each other request. A turn contains only computation, never a wait for bytes
 * or for an answer, so that no slow client can keep it.
 *
 * Requests wait by polling (`sign-of-life.ts` says why). A request that does not poll while each of the others polls
 * several times loses its place. Polls are counted instead of milliseconds, because no request polls during a long
 * piece. A request that was only slow goes to the end of the line.
 */

/** A silent request loses its place after this many polls of each other request. */
const PATIENCE = 8;

interface Place {
  /** Number of all requests' polls when this one last polled. */
  heardAt: number;
}

export class Turns {
  /** Waiting pieces in the order in which they came. */
  readonly #line = new Set<Place>();
  #polls = 0;
  #computed = 0;

  /**
   * Computes a piece of work when its turn comes.
   * @param signal its abort takes the piece out of the line
   * @throws whatever `piece` throws; the signal's reason
   */
  async take<T>(piece: () => T, signal: AbortSignal): Promise<T> {
    const place: Place = { heardAt: this.#polls };
    this.#line.add(place);
    try {
      let computed: number;
      do {
        computed = this.#computed;
        // About a millisecond. No timer fires while a piece is computed, so a long line costs almost no time.
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
