/**
 * Whether a request that others wait for is still there.
 *
 * In workerd a promise belongs to the request that made it. When that request's client leaves, the request may end
 * wherever it is: no line of it runs any more, not even a `finally`, and its promises never settle. So the requests of an
 * isolate must not await each other's promises, or one client that leaves would hang the others; and what one of them
 * holds may never be given back. Everything that requests share follows from that:
 *
 * - Who waits for another request looks again and again at a plain value, between timers of its own.
 * - Who holds something shows signs of life while it works. When they have been missing for longer than any living request
 *   is silent, whatever it held is free for others.
 * - Who was only slow learns at its next step that it has lost what it held, and stops.
 *
 * By such signs requests hold a load that several wait for (`lease.ts`), a place among those that an isolate takes on
 * (`admission.ts`), the turn at the codecs (`decoder/turn.ts`), room for a body (`gateway/body/bytes-in-flight.ts`) and for
 * label matrices (`gateway/label-sets/matrix-memory.ts`).
 * Turns at a tower (`turns.ts`) are the exception: there a silent request is found by counting the others' polls, because
 * long pieces of computation silence all of them at once.
 */
export class SignOfLife {
  #at = Date.now();

  renew(): void {
    this.#at = Date.now();
  }

  /** Whether the last sign is longer ago than so many milliseconds. */
  isOlderThan(milliseconds: number): boolean {
    return Date.now() - this.#at > milliseconds;
  }
}
