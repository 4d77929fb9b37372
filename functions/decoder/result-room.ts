/**
 * Limits the decoded pictures that the isolate holds until their callers have read them. The codecs' memory never
 * shrinks: once it has decoded the costliest picture, an isolate has 9 MB of its 120 left for everything else.
 *
 * Whoever has the turn waits by polling until there is room (`runtime/sharing/sign-of-life.ts` says why). It does not wait long:
 * a caller that does not read its picture in time is given up.
 */
import { withDeadline } from "../runtime/deadline.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";

/** Bytes: nine pictures of 384 pixels, twenty of 256. */
const ROOM = 4_000_000;
const POLL_MS = 5;
/** Milliseconds that a caller may take to read what it asked for. A gateway may be busy for seconds. */
export const READING_MS = 10_000;
/** Longer than that: the request has ended without giving the room back. */
const EXPIRY_MS = 1.5 * READING_MS;

interface Held {
  bytes: number;
  since: SignOfLife;
}

export class ResultRoom {
  readonly #limit: number;
  readonly #held = new Set<Held>();

  /** @param limit bytes; a single picture may have more */
  constructor(limit = ROOM) {
    this.#limit = limit;
  }

  /**
   * Waits until there is room for one more picture.
   * @param alive called after each pause; what it throws ends the wait
   */
  async free(bytes: number, alive: () => void): Promise<void> {
    while (!this.#isFree(bytes)) {
      await scheduler.wait(POLL_MS);
      alive();
    }
  }

  /** Holds a picture until it has been read. */
  hold(pixels: Uint8Array): HeldResult {
    const held: Held = { bytes: pixels.length, since: new SignOfLife() };
    this.#held.add(held);
    return new HeldResult(pixels, () => this.#held.delete(held));
  }

  #isFree(bytes: number): boolean {
    let all = 0;
    for (const held of this.#held) {
      if (held.since.isOlderThan(EXPIRY_MS)) this.#held.delete(held);
      else all += held.bytes;
    }
    return this.#held.size === 0 || all + bytes <= this.#limit;
  }
}

export class HeldResult {
  readonly #pixels: Uint8Array;
  readonly #giveBack: () => void;

  constructor(pixels: Uint8Array, giveBack: () => void) {
    this.#pixels = pixels;
    this.#giveBack = giveBack;
  }

  /** @param read resolves when the caller has read it. @throws DeadlineError if that takes too long */
  async until(read: () => Promise<void>): Promise<void> {
    try {
      await withDeadline(READING_MS, read);
      freeBuffer(this.#pixels);
    } finally {
      this.#giveBack();
    }
  }
}
