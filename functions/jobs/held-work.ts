/** A piece of a batch's work that was lent to this invocation. */
import { type BatchStateRpc, type NewBatch, RENEW_AFTER_MS } from "../batches/batch-state-rpc.ts";
import { type BatchBindings, batchState } from "../batches/batches.ts";
import { warn } from "../runtime/warn.ts";

export class HeldWork {
  readonly state: BatchStateRpc;
  readonly token: string;
  #renewedAt = Date.now();
  #isRenewing = false;
  #isLost = false;

  constructor(env: BatchBindings, { batch, token }: { batch: NewBatch; token: string }) {
    this.state = batchState(env, batch.account, batch.id);
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
        warn("work on a batch not renewed", error);
      } finally {
        this.#isRenewing = false;
      }
    }
    return !this.#isLost;
  }

  /** Gives the work back, so that nobody waits until it would expire. Never throws. */
  async release(pauseMs: number): Promise<void> {
    await this.state
      .release(this.token, pauseMs)
      .catch((error: unknown) => warn("work not given back", error));
  }
}
