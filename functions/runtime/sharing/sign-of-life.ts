/**
 * Tells whether a request that others wait for is still alive.
 *
 * In workerd a promise belongs to the request that made it. When that request's client leaves, the request may end at
 * any point: none of its code runs any more, not even a `finally`, and its promises never settle. So requests must not
 * await each other's promises: one client that leaves would hang the others. And a request may end without giving back
 * what it holds. Three rules follow for everything that requests share:
 *
 * - A request that waits for another one polls a plain value, with timers of its own (`wait-for-room.ts`).
 * - A request that holds something gives signs of life while it works. If none came for longer than a living request is
 *   ever silent, others may take what it held.
 * - A request that was only slow finds out at its next step that it lost what it held, and stops.
 *
 * Requests hold these things by signs of life: a load that several wait for (`lease.ts`), a place in the isolate
 * (`admission.ts`), the turn at the codecs (`decoder/decoder-queue.ts`), room for a body (`gateway/body/bytes-in-flight.ts`), for
 * pixels (`gateway/embed/pixel-room.ts`, `decoder/result-room.ts`, `vision/input-room.ts`), for label matrices
 * (`gateway/label-sets/matrix-memory.ts`) and for token rows (`text/token-table.ts`). Turns to compute (`compute-queue.ts`) are
 * the exception: a long piece of computation silences all requests at once, so there a silent request is found by
 * counting the polls of the others.
 */
export class SignOfLife {
  #at = Date.now();

  renew(): void {
    this.#at = Date.now();
  }

  /** True if the last sign was more than `milliseconds` ago. */
  isOlderThan(milliseconds: number): boolean {
    return Date.now() - this.#at > milliseconds;
  }
}
