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
import { ServiceError } from "../errors.ts";
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

/** Bytes that the requests of a size may hold together; absent: they hold next to nothing. */
export type Rooms = Partial<Record<Size, number>>;

export class Admission {
  readonly #limits: Readonly<Record<Size, number>>;
  readonly #rooms: Rooms;
  readonly #name: string;
  /** Bytes that each request holds until it is done. */
  readonly #places: Readonly<Record<Size, Map<SignOfLife, number>>> = {
    small: new Map(),
    large: new Map(),
    background: new Map(),
  };

  /**
   * @param limit places for requests of each size
   * @param name of what they wait for
   */
  constructor(limit: number, { rooms = {}, name = "model" }: { rooms?: Rooms; name?: string } = {}) {
    this.#limits = { small: limit, large: limit, background: Math.ceil(limit * BACKGROUND_SHARE) };
    this.#rooms = rooms;
    this.#name = name;
  }

  /** Places for requests of all sizes. */
  get places(): number {
    const { small, large, background } = this.#limits;
    return small + large + background;
  }

  /**
   * Runs a request's work if a place is free, and room for what it holds. One that holds more than there is room for is
   * admitted alone.
   * @param work must call `alive` every few seconds
   * @param bytes that it holds until it is done
   * @throws ServiceError `overloaded` if no place is free
   */
  async admit<T>(size: Size, work: (alive: () => void) => Promise<T>, bytes = 0): Promise<T> {
    const places = this.#places[size];
    let held = 0;
    for (const [place, others] of places) {
      if (place.isOlderThan(EXPIRY_MS)) places.delete(place);
      else held += others;
    }
    const isFull = held > 0 && held + bytes > (this.#rooms[size] ?? Infinity);
    if (isFull || places.size >= this.#limits[size]) {
      throw new ServiceError("overloaded", `too many requests are waiting for the ${this.#name}; try again`);
    }
    const place = new SignOfLife();
    places.set(place, bytes);
    try {
      return await work(() => place.renew());
    } finally {
      places.delete(place);
    }
  }
}
