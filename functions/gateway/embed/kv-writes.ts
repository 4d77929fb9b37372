/**
 * Writes of one invocation to KV, two at a time and in order: the platform lets six requests of an invocation wait for
 * headers, and would hold the others back with their values. A request may still read R2 and fetch pictures, four at a
 * time (`images/fetch/fetch-slots.ts`), while its texts are written. Nothing here is shared between requests.
 */
import { DeadlineError, DEADLINES, withDeadline } from "../../runtime/deadline.ts";

/** Writes at the same time. */
const AT_ONCE = 2;

export class KvWrites {
  /** Writes that have not ended, and those of them that were given up: each keeps a connection until KV answers. */
  #running = 0;
  #givenUp = 0;
  /** No timers: an invocation may have 10,000 of them. */
  readonly #waiting: PromiseWithResolvers<void>[] = [];

  /**
   * @param write makes the value when its turn comes, and writes it
   * @throws DeadlineError if it is not written in time; whatever `write` throws
   */
  async add(write: () => Promise<void>): Promise<void> {
    const until = Date.now() + DEADLINES.kvWrite;
    if (this.#givenUp === AT_ONCE) throw late();
    if (this.#running < AT_ONCE) this.#running++;
    else await this.#turn();
    const left = until - Date.now();
    if (left > 0) return await this.#write(left, write);
    this.#end();
    throw late();
  }

  async #turn(): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn);
    await turn.promise;
  }

  async #write(milliseconds: number, write: () => Promise<void>): Promise<void> {
    let hasEnded = false;
    let isGivenUp = false;
    const ended = Promise.resolve()
      .then(write)
      .finally(() => {
        hasEnded = true;
        if (isGivenUp) this.#givenUp--;
        this.#end();
      });
    try {
      await withDeadline(milliseconds, () => ended);
    } finally {
      isGivenUp = !hasEnded;
      if (isGivenUp) this.#giveUp();
    }
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next.resolve();
  }

  #giveUp(): void {
    this.#givenUp++;
    if (this.#givenUp < AT_ONCE) return;
    for (const { reject } of this.#waiting.splice(0)) reject(late());
  }
}

function late(): DeadlineError {
  return new DeadlineError("other values were not written in time");
}
