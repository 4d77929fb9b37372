/**
 * Limits how many requests an isolate takes on. Beyond the limit, a request is refused at once and may be tried again;
 * otherwise it would wait longer than its client does. The platform starts more isolates under load, and isolates share
 * nothing.
 *
 * Small requests have the same number of places, kept apart: otherwise 16 large requests would block everybody until
 * they are done.
 *
 * A place is given back when the work is done. If the request ends without giving it back, the place expires, see
 * `sign-of-life.ts`.
 */
import { ServiceError } from "./errors.ts";
import { SignOfLife } from "./sign-of-life.ts";

/**
 * Milliseconds without a sign of life after which a place expires. Waiting requests give one at every heartbeat
 * (`heartbeat.ts`), so several must be missed.
 */
const EXPIRY_MS = 20_000;

/** A small request is one piece of work, see `turns.ts`. Requests in the background have places of their own. */
export type Size = "small" | "large" | "background";

/** Places of requests in the background, as a part of the limit. */
const BACKGROUND_SHARE = 1 / 2;

export class Admission {
  readonly #limit: number;
  readonly #name: string;
  readonly #places: Readonly<Record<Size, Set<SignOfLife>>> = {
    small: new Set(),
    large: new Set(),
    background: new Set(),
  };

  /**
   * @param limit places for requests of each size
   * @param name of what they wait for
   */
  constructor(limit: number, name = "model") {
    this.#limit = limit;
    this.#name = name;
  }

  /**
   * Runs a request's work if a place is free.
   * @param work must call `alive` every few seconds
   * @throws ServiceError `overloaded` if no place is free
   */
  async admit<T>(size: Size, work: (alive: () => void) => Promise<T>): Promise<T> {
    const places = this.#places[size];
    for (const place of places) if (place.isOlderThan(EXPIRY_MS)) places.delete(place);
    const limit = size === "background" ? Math.ceil(this.#limit * BACKGROUND_SHARE) : this.#limit;
    if (places.size >= limit) {
      throw new ServiceError("overloaded", `too many requests are waiting for the ${this.#name}; try again`);
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
