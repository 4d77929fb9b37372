/**
 * A bound on the requests that an isolate has taken on. Beyond it a request is told to come back, instead of waiting
 * for longer than its client will: isolates share nothing, and the platform starts more of them under load.
 *
 * Small requests have as many places of their own: else 16 large ones would shut everybody out for as long as they take.
 *
 * A place is given back when the work is done, or expires with its request, see `sign-of-life.ts`.
 */
import { ServiceError } from "./errors.ts";
import { SignOfLife } from "./sign-of-life.ts";

/** Many heartbeats (`heartbeat.ts`), which come while a request waits for the tower's load or for its turn. */
const EXPIRY_MS = 20_000;

/** Small: one piece of work, `turns.ts`. */
export type Size = "small" | "large";

export class Admission {
  readonly #limit: number;
  readonly #places: Readonly<Record<Size, Set<SignOfLife>>> = { small: new Set(), large: new Set() };

  /** @param limit requests of each size */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs a request's work if there is room for it.
   * @param work calls `alive` every few seconds
   * @throws ServiceError `overloaded`
   */
  async admit<T>(size: Size, work: (alive: () => void) => Promise<T>): Promise<T> {
    const places = this.#places[size];
    for (const place of places) if (place.isOlderThan(EXPIRY_MS)) places.delete(place);
    if (places.size >= this.#limit) {
      throw new ServiceError("overloaded", "too many requests are waiting for the model; try again");
    }
    const place = new SignOfLife();
    places.add(place);
    try {
      return await work(() => place.renew());
    } finally {
      places.delete(place);
    }
  }
}
