/**
 * The queue for what an isolate computes: a tower, or a search. While a piece of work is computed, nothing else runs: no other request of the isolate
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
 * Work that nobody waits for (`background`) is done when no other piece is in line and none has been for a moment:
 * whoever sends one request after the other has the next one on its way. Under a steady load, one piece of it goes
 * after every eight others, of however many requests in the background. So a request of one picture waits for
 * one of them at the most, and takes less than twice as long as alone.
 *
 * Requests wait by polling (`sign-of-life.ts` says why). A request that does not poll while each of the others polls
 * several times loses its place. Polls are counted instead of milliseconds, because no request polls during a long
 * piece. A request that was only slow goes to the end of the line.
 */
import type { Priority } from "../rpc.ts";
import { PriorityQueue } from "./priority-queue.ts";

/** A silent request loses its place after this many polls of each other request. */
const PATIENCE = 8;
/** Milliseconds after a piece that somebody waited for, before one in the background begins. */
const QUIET_MS = 100;

interface Place {
  priority: Priority;
  /** Number of all requests' polls when this one last polled. */
  heardAt: number;
}

export class ComputeQueue {
  readonly #queue = new PriorityQueue<Place>();
  #polls = 0;
  #computed = 0;
  /** When the last piece ended that somebody waited for. */
  #waitedForAt = -Infinity;

  /**
   * Computes a piece of work when its turn comes.
   * @param signal its abort takes the piece out of the queue
   * @throws whatever `piece` throws; the signal's reason
   */
  async run<T>(piece: () => T, signal: AbortSignal, priority: Priority = "interactive"): Promise<T> {
    const place: Place = { priority, heardAt: this.#polls };
    this.#queue.add(place);
    try {
      let computed: number;
      do {
        computed = this.#computed;
        // About a millisecond. No timer fires while a piece is computed, so a long line costs almost no time.
        await scheduler.wait(0);
        signal.throwIfAborted();
      } while (!this.#isNext(place) || computed !== this.#computed);
      this.#computed++;
      this.#queue.count(place);
      return piece();
    } finally {
      if (priority === "interactive") this.#waitedForAt = Date.now();
      this.#queue.remove(place);
    }
  }

  #isNext(place: Place): boolean {
    place.heardAt = ++this.#polls;
    const patience = PATIENCE * this.#queue.size;
    if (this.#queue.givesWay(place) && Date.now() - this.#waitedForAt < QUIET_MS) return false;
    return this.#queue.isFirst(place, ({ heardAt }) => this.#polls - heardAt > patience);
  }
}
