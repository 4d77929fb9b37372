/**
 * Lets an isolate decode one picture at a time, because the codec's memory has room for one. Requests are served in the
 * order in which they came. They wait by polling. A turn without activity expires, and so does a waiting request that
 * has stopped polling; `runtime/sign-of-life.ts` says why.
 */
import { ServiceError } from "../runtime/errors.ts";
import { SignOfLife } from "../runtime/sign-of-life.ts";

/** Longest pause in a live turn. It can be short, because the gateway sends a file that it already has. */
const EXPIRY_MS = 5_000;
/** Short beside the time of decoding a picture, yet long enough to cost almost no CPU time. */
const POLL_MS = 5;
/** Longer than decoding takes: no request can poll while a picture is being decoded. */
const WAITING_EXPIRY_MS = 5_000;

export class Turn {
  #holder: SignOfLife | undefined;
  /** Waiting requests, in order of arrival. */
  readonly #queue = new Set<SignOfLife>();

  /**
   * Runs `work` when no other request has the turn.
   * @param work must call `alive` after each await; it throws ServiceError `overloaded` if the turn was lost
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
