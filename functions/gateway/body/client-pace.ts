/**
 * Tells whether the client that sends a body, or reads an answer, is slow, or only the isolate too busy to notice what
 * came.
 */

/** How often a request checks whether its client has sent something, or its room was given to another. */
export const LOOK_MS = 50;
/**
 * A client is slow when it has sent less than this rate for `SLACK_MS`. Bytes a second: a piece of 4 kB, which is what
 * workerd hands out, makes up for one check. So a client that is faster than a busy isolate never counts as slow.
 */
const MIN_RATE = 4_096 / (LOOK_MS / 1000);
const SLACK_MS = 3_000;

interface Demands {
  /** Bytes a second. */
  minRate: number;
  slackMs: number;
}

/** A phone may read slowly. The slack is longer than a piece of 64 kB takes at this rate. */
export const OF_READERS: Demands = { minRate: 16_384, slackMs: 6_000 };

export class ClientPace {
  readonly #demands: Demands;
  /** When the client was last checked for bytes; undefined while nobody waits for it. */
  #lookedAt: number | undefined;
  /** Milliseconds for which the client may still be silent before it counts as slow. */
  #slack: number;
  #waited = 0;
  #bytes = 0;
  /**
   * True if its reader has found that it cannot send in time what it may still send. Its reader sets it, and sets it back
   * when everything has come. Meanwhile it counts as slow, also while it waits for room itself.
   */
  isBehind = false;
  /** True while there is no room for what it sends. */
  isHeldUp = false;

  constructor(demands: Demands = { minRate: MIN_RATE, slackMs: SLACK_MS }) {
    this.#demands = demands;
    this.#slack = demands.slackMs;
  }

  /** Milliseconds spent waiting for the client, without the time in which the isolate was too busy to check. */
  get waited(): number {
    return this.#waited;
  }

  /** Bytes that it has sent. */
  get bytes(): number {
    return this.#bytes;
  }

  get isSlow(): boolean {
    return this.isBehind || (this.#lookedAt !== undefined && this.#slack <= 0);
  }

  /** Starts waiting for the client. */
  expect(): void {
    this.#lookedAt = Date.now();
  }

  /**
   * Records that nothing came since the last check. A long gap counts as little waiting, because the isolate may have
   * been busy with another request.
   */
  foundNothing(): void {
    const now = Date.now();
    const waited = Math.min(LOOK_MS, now - (this.#lookedAt ?? now));
    this.#waited += waited;
    this.#slack = Math.max(0, this.#slack - waited);
    this.#lookedAt = now;
  }

  /** Records that the client has sent this many bytes, or has finished. */
  received(bytes: number): void {
    this.foundNothing();
    this.#bytes += bytes;
    const { minRate, slackMs } = this.#demands;
    this.#slack = Math.min(slackMs, this.#slack + (1000 * bytes) / minRate);
    this.#lookedAt = undefined;
  }
}
