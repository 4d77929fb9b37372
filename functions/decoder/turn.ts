/**
 * One picture at a time in an isolate: the codec's memory has room for one. Requests take turns by polling, since in
 * workerd a promise must not cross from one request to another. A holder whose client has left may never run again,
 * so a turn in which nothing happens for a while is over.
 */

import { ServiceError } from "../runtime/errors.ts";

/** Longest pause in a living turn: the gateway sends a file that it already has. */
const EXPIRY_MS = 5_000;
/** Short beside decoding a picture, long enough to cost no CPU time to speak of. */
const POLL_MS = 5;

export class Turn {
  #holder: symbol | undefined;
  #renewedAt = 0;

  /**
   * Runs `work` when nobody else has the turn.
   * @param work calls `alive` after each await; it throws ServiceError `overloaded` if the turn was lost
   */
  async take<T>(work: (alive: () => void) => Promise<T>): Promise<T> {
    const me = Symbol("turn");
    while (this.#holder !== undefined && Date.now() - this.#renewedAt <= EXPIRY_MS) {
      await scheduler.wait(POLL_MS);
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
}
