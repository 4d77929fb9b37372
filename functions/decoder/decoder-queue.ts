/**
 * Lets an isolate decode one picture at a time, because the codec's memory has room for one. Requests are served in the
 * order in which they came, those in the background after the others (`runtime/sharing/priority-queue.ts`). They wait by
 * polling. A turn without activity expires, and so does a waiting request that has stopped polling;
 * `runtime/sharing/sign-of-life.ts` says why.
 */
import { ServiceError } from "../runtime/errors.ts";
import type { Priority } from "../runtime/rpc.ts";
import { PriorityQueue } from "../runtime/sharing/priority-queue.ts";
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";

/** Longest pause in a live turn. It can be short, because the gateway sends a file that it already has. */
const EXPIRY_MS = 5_000;
/** Short beside the time of decoding a picture, yet long enough to cost almost no CPU time. */
const POLL_MS = 5;
/** Longer than decoding takes: no request can poll while a picture is being decoded. */
const WAITING_EXPIRY_MS = 5_000;

interface Place {
  sign: SignOfLife;
  priority: Priority;
}

export class DecoderQueue {
  #holder: SignOfLife | undefined;
  readonly #queue = new PriorityQueue<Place>();

  /**
   * Runs `work` when no other request has the turn.
   * @param work must call `alive` after each await; it throws ServiceError `overloaded` if the turn was lost
   * @param waits called at each poll before the turn
   */
  async run<T>(
    work: (alive: () => void) => Promise<T>,
    priority: Priority = "interactive",
    waits: () => void = () => {},
  ): Promise<T> {
    const me = new SignOfLife();
    const place = { sign: me, priority };
    this.#queue.add(place);
    try {
      while (!this.#isNext(place)) {
        await scheduler.wait(POLL_MS);
        me.renew();
        waits();
      }
    } finally {
      this.#queue.remove(place);
    }
    this.#holder = me;
    this.#queue.count(place);
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

  #isNext(place: Place): boolean {
    if (this.#holder?.isOlderThan(EXPIRY_MS) === false) return false;
    return this.#queue.isFirst(place, ({ sign }) => sign.isOlderThan(WAITING_EXPIRY_MS));
  }
}
