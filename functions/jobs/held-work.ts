/** A piece of work that a Durable Object has lent to this invocation. */
import type { BatchStateRpc } from "../batches/batch-state-rpc.ts";
import { warn } from "../runtime/warn.ts";
import { RENEW_AFTER_MS } from "../runtime/background-work.ts";

interface Lender {
  /** @returns false if the work is not wanted any more, or was lent to another */
  renew(token: string): Promise<boolean>;
  release(token: string, pauseMs: number, isFailure?: boolean): Promise<void>;
}

export class HeldWork<State extends Lender = BatchStateRpc> {
  readonly state: State;
  readonly token: string;
  #renewedAt = Date.now();
  #isRenewing = false;
  #isLost = false;

  constructor(state: State, token: string) {
    this.state = state;
    this.token = token;
  }

  /**
   * Call it at every sign of life. If a renewal fails, the next call tries again.
   * @returns false once the work is not wanted any more
   */
  async renew(): Promise<boolean> {
    if (!this.#isLost && !this.#isRenewing && Date.now() - this.#renewedAt > RENEW_AFTER_MS) {
      this.#isRenewing = true;
      try {
        this.#isLost = !(await this.state.renew(this.token));
        this.#renewedAt = Date.now();
      } catch (error) {
        warn("work that is lent was not renewed", error);
      } finally {
        this.#isRenewing = false;
      }
    }
    return !this.#isLost;
  }

  /** Gives the work back, so that nobody waits until it would expire. Never throws. */
  async release(pauseMs: number, isFailure = false): Promise<void> {
    await this.state
      .release(this.token, pauseMs, isFailure)
      .catch((error: unknown) => warn("work not given back", error));
  }
}
