/**
 * A bound on the requests that an isolate has taken on. Beyond it a request is told to come back, instead of waiting
 * for longer than its client will: isolates share nothing, and the platform starts more of them under load.
 *
 * Small requests have as many places of their own: else 16 large ones would shut everybody out for as long as they take.
 *
 * A request whose client leaves may end without any of its code running again, so a place is not only given back but
 * also expires when its request has shown no life for a while.
 */
import { ServiceError } from "./errors.ts";

/** Many heartbeats (`heartbeat.ts`), which come while a request waits for the tower's load or for its turn. */
const EXPIRY_MS = 20_000;

interface Ticket {
  renewedAt: number;
}

/** Small: one piece of work, `turns.ts`. */
export type Size = "small" | "large";

export class Admission {
  readonly #limit: number;
  readonly #tickets: Readonly<Record<Size, Set<Ticket>>> = { small: new Set(), large: new Set() };

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
    const now = Date.now();
    const tickets = this.#tickets[size];
    for (const ticket of tickets) if (now - ticket.renewedAt > EXPIRY_MS) tickets.delete(ticket);
    if (tickets.size >= this.#limit) {
      throw new ServiceError("overloaded", "too many requests are waiting for the model; try again");
    }
    const ticket: Ticket = { renewedAt: now };
    tickets.add(ticket);
    try {
      return await work(() => {
        ticket.renewedAt = Date.now();
      });
    } finally {
      tickets.delete(ticket);
    }
  }
}
