/**
 * One picture at a time in an isolate: the codec's memory has room for one. Who came first is served first. Requests wait
 * by polling, and a turn in which nothing happens for a while is over, as is a place in the queue that nobody has asked
 * about: `runtime/sign-of-life.ts` says why.
 */
import { ServiceError } from "../runtime/errors.ts";
import { SignOfLife } from "../runtime/sign-of-life.ts";

/** Longest pause in a living turn: the gateway sends a file that it already has. */
const EXPIRY_MS = 5_000;
/** Short beside decoding a picture, long enough to cost no CPU time to speak of. */
const POLL_MS = 5;
/** Longer than a picture takes: nobody can ask while one is decoded. */
const WAITING_EXPIRY_MS = 5_000;

export class Turn {
  #holder: SignOfLife | undefined;
  /** In the order in which they came. */
  readonly #queue = new Set<SignOfLife>();

  /**
   * Runs `work` when nobody else has the turn.
   * @param work calls `alive` after each await; it throws ServiceError `overloaded` if the turn was lost
   */
  async take<T>(work: (alive: () => void) => Promise<T>): Promise<T> {
    const me = new SignOfLife();
    this.#queue.add(me);
    try {
      while (!this.#isNext(me)) {
        await scheduler.wait(POLL_MS);
        me.renew();
      }
    } finally {
      this.#queue.delete(me);
    }
    this.#holder = me;
    const alive = (): void => {
      if (this.#holder !== me) {
        throw new ServiceError("overloaded", "the picture came so slowly that others went first; try again");
      }
      me.renew();
    };
    alive();
    try {
      return await work(alive);
    } finally {
      if (this.#holder === me) this.#holder = undefined;
    }
  }

  #isNext(me: SignOfLife): boolean {
    if (this.#holder?.isOlderThan(EXPIRY_MS) === false) return false;
    for (const waiting of this.#queue) {
      if (waiting === me) return true;
      if (!waiting.isOlderThan(WAITING_EXPIRY_MS)) return false;
      this.#queue.delete(waiting);
    }
    return true;
  }
}
