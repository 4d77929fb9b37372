/**
 * One load serves all who wait, without a promise crossing from one request to another.
 *
 * In workerd a promise belongs to the request that made it: if that client leaves, the promise may never settle,
 * and whoever else awaits it hangs. So the request that loads holds a lease and awaits its own work, anchored
 * with `waitUntil`; the others poll for the value. Every sign of life renews the lease. When none has come for
 * `LEASE_MS`, the owner is taken to be gone and a waiter takes over; should the owner return after all, its next
 * sign of life throws and it stops. A failure is told to those who waited for that attempt and then forgotten.
 */

/** Longest silence of a living owner: a stalled download or the creation of one session. */
const LEASE_MS = 10_000;
/** How often waiters look: below what a client could notice, above what costs CPU time. */
const POLL_MS = 20;

/** Keeps work going should its client leave: the context's `waitUntil`. */
export type Anchor = (work: Promise<unknown>) => void;

/** Renews the lease. Throws when it was lost; the load must then stop. */
export type Renew = () => void;

interface Attempt {
  renewedAt: number;
  outcome: "running" | "done" | { error: unknown };
}

export class LeasedLoad<T> {
  #value: T | undefined;
  #attempt: Attempt | undefined;

  /** Forgets the value; the next `get` loads again. */
  drop(): void {
    this.#value = undefined;
  }

  /**
   * The value, loaded by this request or another one.
   * @param load must call `renew` after each await, and leave things such that a later attempt may resume
   * @throws whatever the attempt that this request made or waited for threw
   */
  async get(load: (renew: Renew) => Promise<T>, anchor: Anchor): Promise<T> {
    for (;;) {
      if (this.#value !== undefined) return this.#value;
      const attempt = this.#attempt;
      if (attempt?.outcome !== "running" || Date.now() - attempt.renewedAt > LEASE_MS) {
        return await this.#lead(load, anchor);
      }
      await scheduler.wait(POLL_MS);
      throwIfFailed(attempt);
    }
  }

  async #lead(load: (renew: Renew) => Promise<T>, anchor: Anchor): Promise<T> {
    const attempt: Attempt = { renewedAt: Date.now(), outcome: "running" };
    this.#attempt = attempt;
    const renew = (): void => {
      if (this.#attempt !== attempt) throw new Error("another request has taken this load over");
      attempt.renewedAt = Date.now();
    };
    const work = load(renew).then(
      (value) => {
        renew();
        this.#value = value;
        attempt.outcome = "done";
        return value;
      },
      (error: unknown) => {
        attempt.outcome = { error };
        throw error;
      },
    );
    anchor(work.catch(() => {}));
    return await work;
  }
}

function throwIfFailed({ outcome }: Attempt): void {
  if (typeof outcome === "object") throw outcome.error;
}
