/**
 * One load serves all requests that wait for it. No request awaits another one's promise (`sign-of-life.ts` says why).
 * The request that loads holds a lease and awaits its own work, which `waitUntil` keeps alive. The others poll for the
 * value.
 *
 * A heartbeat renews the lease as long as the load takes. The load may be slow; its own deadlines make sure that it
 * ends. If no beat came for `LEASE_MS`, the owner's request has ended with its client, and a waiting request takes
 * over. If the owner is still alive, its next step in the load throws, and it waits like the others.
 *
 * If the load fails, the waiting requests get the same error, because it would fail for them too; the next request
 * tries again. If the reason concerns only the owner, because its client left or its room was given to others, a waiting
 * request takes over instead.
 */
import { ServiceError } from "../errors.ts";
import { withHeartbeat } from "./heartbeat.ts";
import { SignOfLife } from "./sign-of-life.ts";
import { ClientGoneError } from "./wanted.ts";

/** Several heartbeats, so that a computation of some seconds does not end the lease. */
const LEASE_MS = 10_000;
/** How often waiting requests poll: often enough that clients do not notice, seldom enough to cost little CPU time. */
const POLL_MS = 20;

/** Keeps work alive if its client leaves: the context's `waitUntil`. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** Throws if another request has taken over the load; the caller must then stop. */
export type Renew = () => void;

interface Attempt {
  owner: SignOfLife;
  outcome: "running" | "done" | { error: unknown };
}

/** Thrown when a request's room was given to others. It concerns that request only. */
export class RoomLostError extends ServiceError {
  constructor({ message }: Error) {
    super("overloaded", message);
  }
}

class LeaseLostError extends Error {
  constructor() {
    super("another request has taken this load over");
  }
}

export class LeasedLoad<T> {
  #value: T | undefined;
  #attempt: Attempt | undefined;

  /** True if there is a value. */
  get isDone(): boolean {
    return this.#value !== undefined;
  }

  /** Forgets the value; the next `get` loads again. */
  drop(): void {
    this.#value = undefined;
  }

  /**
   * The value, loaded by this request or another one.
   * @param load must call `renew` before it changes state that a later attempt resumes from
   * @throws what the attempt that this request made or waited for threw
   */
  async get(load: (renew: Renew) => Promise<T>, waitUntil: WaitUntil): Promise<T> {
    for (;;) {
      if (this.#value !== undefined) return this.#value;
      const attempt = this.#attempt;
      if (attempt?.outcome !== "running" || attempt.owner.isOlderThan(LEASE_MS)) {
        try {
          return await this.#lead(load, waitUntil);
        } catch (error) {
          if (!(error instanceof LeaseLostError)) throw error;
        }
      } else {
        await scheduler.wait(POLL_MS);
        throwIfFailed(attempt);
      }
    }
  }

  async #lead(load: (renew: Renew) => Promise<T>, waitUntil: WaitUntil): Promise<T> {
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
    waitUntil(work.catch(() => {}));
    return await work;
  }
}

function throwIfFailed({ outcome }: Attempt): void {
  if (typeof outcome === "object" && !concernsOwner(outcome.error)) throw outcome.error;
}

function concernsOwner(error: unknown): boolean {
  return error instanceof ClientGoneError || error instanceof RoomLostError;
}
