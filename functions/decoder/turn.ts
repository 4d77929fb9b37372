/**
 * One picture at a time in an isolate: the codec's memory has room for one. Who came first is served first. Requests
 * take turns by polling, since in workerd a promise must not cross from one request to another. A request whose client
 * has left may never run again, so a turn in which nothing happens for a while is over, and so is a place in the queue
 * that nobody has asked about.
 */

import { ServiceError } from "../runtime/errors.ts";

/** Longest pause in a living turn: the gateway sends a file that it already has. */
const EXPIRY_MS = 5_000;
/** Short beside decoding a picture, long enough to cost no CPU time to speak of. */
const POLL_MS = 5;
/** Longer than a picture takes: nobody can ask while one is decoded. */
const WAITING_EXPIRY_MS = 5_000;

interface Waiting {
  askedAt: number;
}

export class Turn {
  #holder: Waiting | undefined;
  #renewedAt = 0;
  /** In the order in which they came. */
  readonly #queue = new Set<Waiting>();

  /**
   * Runs `work` when nobody else has the turn.
   * @param work calls `alive` after each await; it throws ServiceError `overloaded` if the turn was lost
   */
  async take<T>(work: (alive: () => void) => Promise<T>): Promise<T> {
    const me: Waiting = { askedAt: Date.now() };
    this.#queue.add(me);
    try {
      while (!this.#isNext(me)) {
        await scheduler.wait(POLL_MS);
        me.askedAt = Date.now();
      }
    } finally {
      this.#queue.delete(me);
    }
    this.#holder = me;
    const alive = (): void => {
      if (this.#holder !== me) {
        throw new ServiceError("overloaded", "the picture came so slowly that others went first; try again");
      }
      this.#renewedAt = Date.now();
    };
    alive();
    try {
      return await work(alive);
    } finally {
      if (this.#holder === me) this.#holder = undefined;
    }
  }

  #isNext(me: Waiting): boolean {
    const now = Date.now();
    if (this.#holder !== undefined && now - this.#renewedAt <= EXPIRY_MS) return false;
    for (const waiting of this.#queue) {
      if (waiting === me) return true;
      if (now - waiting.askedAt <= WAITING_EXPIRY_MS) return false;
      this.#queue.delete(waiting);
    }
    return true;
  }
}
