/**
 * Limits the picture servers that an invocation waits for at a time. The platform lets six connections of an invocation
 * wait for headers, those to R2 and KV included, and keeps any further one waiting, unseen: a fetch that had to wait
 * there behind six silent servers would be given up as if its own server were silent. So it waits here, and its clock
 * starts when it is let in. All lines of a part of a batch are one invocation, so they share the slots.
 */

/** The others are for R2 and KV; writes to KV may take both for a moment (`embed/kv-writes.ts`). */
const SLOTS = 4;

export class FetchSlots {
  #free = SLOTS;
  /** Called when a slot is free, in order of arrival. All are of one invocation, so they may await each other. */
  readonly #waiting: (() => void)[] = [];

  /** Waits for a slot, and keeps it until the headers have come. @param fetchHeaders must end in limited time */
  async run<T>(fetchHeaders: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await fetchHeaders();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
