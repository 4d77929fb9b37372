/**
 * Writes of one invocation to KV, a few at a time and in order: the platform lets six requests of an invocation wait for
 * headers, and would hold the others back with their values. Nothing here is shared between requests.
 */
import { DeadlineError, DEADLINES, withDeadline } from "../../runtime/deadline.ts";

/** Writes at the same time. */
const AT_ONCE = 6;

export class KvWrites {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param write makes the value when its turn comes, and writes it
   * @throws DeadlineError if it is not written in time; whatever `write` throws
   */
  async add(write: () => Promise<void>): Promise<void> {
    const until = Date.now() + DEADLINES.kvWrite;
    if (this.#running < AT_ONCE) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      const left = until - Date.now();
      if (left <= 0) throw new DeadlineError("other values were not written in time");
      await withDeadline(left, write);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
