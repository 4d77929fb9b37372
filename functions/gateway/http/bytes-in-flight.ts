/**
 * A bound on the request bytes that the isolate holds at once. A body is read when there is room for it; until then it
 * stays with the client, whom the connection holds back. Waiting is by polling, since in workerd a promise must not
 * cross from one request to another; and since a request whose client leaves may never run again, both a place in the
 * queue and a share of the room expire when nothing has been heard of their request for a while.
 */
import { ServiceError } from "../../runtime/errors.ts";

const POLL_MS = 10;
/** A waiting request that has not looked for so long is gone. */
const QUEUE_EXPIRY_MS = 1_000;
/** Longer than the longest silence of a living request: its turn at the decoder. */
const SHARE_EXPIRY_MS = 60_000;
/** How long a client is kept waiting before it is told to come back. */
const PATIENCE_MS = 20_000;

export interface Share {
  /** A sign of life. */
  renew(): void;
  release(): void;
}

export class BytesInFlight {
  readonly #limit: number;
  readonly #shares = new Map<Share, { bytes: number; renewedAt: number }>();
  readonly #queue = new Set<{ polledAt: number }>();

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Waits for room, first come first served.
   * @param bytes cut to the limit
   * @throws ServiceError `overloaded`
   */
  async reserve(bytes: number): Promise<Share> {
    const wanted = Math.min(bytes, this.#limit);
    const me = { polledAt: Date.now() };
    const deadline = me.polledAt + PATIENCE_MS;
    this.#queue.add(me);
    try {
      while (!this.#isNext(me) || this.#held() + wanted > this.#limit) {
        if (Date.now() > deadline) {
          throw new ServiceError("overloaded", "too many large requests at once; try again");
        }
        await scheduler.wait(POLL_MS);
        me.polledAt = Date.now();
      }
    } finally {
      this.#queue.delete(me);
    }
    return this.#share(wanted);
  }

  #share(bytes: number): Share {
    const entry = { bytes, renewedAt: Date.now() };
    const share: Share = {
      renew: () => {
        entry.renewedAt = Date.now();
      },
      release: () => this.#shares.delete(share),
    };
    this.#shares.set(share, entry);
    return share;
  }

  #isNext(me: { polledAt: number }): boolean {
    const now = Date.now();
    for (const waiting of this.#queue) {
      if (waiting === me) return true;
      if (now - waiting.polledAt < QUEUE_EXPIRY_MS) return false;
    }
    return true;
  }

  #held(): number {
    const now = Date.now();
    let held = 0;
    for (const [share, { bytes, renewedAt }] of this.#shares) {
      if (now - renewedAt > SHARE_EXPIRY_MS) this.#shares.delete(share);
      else held += bytes;
    }
    return held;
  }
}

/**
 * Room for the largest JSON body with what becomes of it. Beside it in the isolate's 128 MB: 30 MB of label sets, 20 MB
 * of fetched files, 4 MB of text embeddings, and JavaScript's own.
 */
const MAX_BYTES_IN_FLIGHT = 44_000_000;

/** All of the isolate's requests share it. */
export const bytesInFlight = new BytesInFlight(MAX_BYTES_IN_FLIGHT);
