/**
 * One load serves all who wait, without a promise crossing from one request to another (`sign-of-life.ts` says why it must
 * not). The request that loads holds a lease and awaits its own work, anchored with `waitUntil`; the others poll for the
 * value.
 *
 * The lease is renewed by a heartbeat for as long as the load takes: it may be slow, and its own deadlines see to it that
 * it ends. When no beat has come for `LEASE_MS`, the owner's request has ended with its client, and a waiter takes over.
 * Should the owner be alive after all, the next thing that it does about the load throws, and it waits like the others.
 *
 * What fails for the owner would fail for those who wait as well, and is told to them; the next request tries again. What
 * concerns the owner alone, such as its client's leaving, is not: one of them takes over.
 */
import { withHeartbeat } from "./heartbeat.ts";
import { SignOfLife } from "./sign-of-life.ts";
import { ClientGoneError } from "./wanted.ts";

/** Several heartbeats, so that none is missed because something else was computed for seconds. */
const LEASE_MS = 10_000;
/** How often waiters look: below what a client could notice, above what costs CPU time. */
const POLL_MS = 20;

/** Keeps work going should its client leave: the context's `waitUntil`. */
export type Anchor = (work: Promise<unknown>) => void;

/** Throws when another request has taken the load over; this one must then stop. */
export type Renew = () => void;

interface Attempt {
  owner: SignOfLife;
  outcome: "running" | "done" | { error: unknown };
}

class LeaseLostError extends Error {
  constructor() {
    super("another request has taken this load over");
  }
}

export class LeasedLoad<T> {
  #value: T | undefined;
  #attempt: Attempt | undefined;

  /** Whether there is a value. */
  get isDone(): boolean {
    return this.#value !== undefined;
  }

  /** Forgets the value; the next `get` loads again. */
  drop(): void {
    this.#value = undefined;
  }

  /**
   * The value, loaded by this request or another one.
   * @param load must call `renew` before it changes what a later attempt resumes
   * @throws whatever the attempt that this request made or waited for threw
   */
  async get(load: (renew: Renew) => Promise<T>, anchor: Anchor): Promise<T> {
    for (;;) {
      if (this.#value !== undefined) return this.#value;
      const attempt = this.#attempt;
      if (attempt?.outcome !== "running" || attempt.owner.isOlderThan(LEASE_MS)) {
        try {
          return await this.#lead(load, anchor);
        } catch (error) {
          if (!(error instanceof LeaseLostError)) throw error;
        }
      } else {
        await scheduler.wait(POLL_MS);
        throwIfFailed(attempt);
      }
    }
  }

  async #lead(load: (renew: Renew) => Promise<T>, anchor: Anchor): Promise<T> {
    const attempt: Attempt = { owner: new SignOfLife(), outcome: "running" };
    this.#attempt = attempt;
    const renew = (): void => {
      if (this.#attempt !== attempt) throw new LeaseLostError();
      attempt.owner.renew();
    };
    const work = withHeartbeat(renew, () => load(renew)).then(
      (value) => {
        renew();
        this.#value = value;
        attempt.outcome = "done";
        return value;
      },
      (error: unknown) => {
        renew();
        attempt.outcome = { error };
        throw error;
      },
    );
    anchor(work.catch(() => {}));
    return await work;
  }
}

function throwIfFailed({ outcome }: Attempt): void {
  if (typeof outcome === "object" && !(outcome.error instanceof ClientGoneError)) throw outcome.error;
}
