/**
 * A bound on the requests that an isolate has taken on. Beyond it a request is told to come back, instead of waiting
 * for longer than its client will: isolates share nothing, and the platform starts more of them under load.
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

export class Admission {
  readonly #limit: number;
  readonly #tickets = new Set<Ticket>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs a request's work if there is room for it.
   * @param work calls `alive` every few seconds
   * @throws ServiceError `overloaded`
   */
  async admit<T>(work: (alive: () => void) => Promise<T>): Promise<T> {
    const now = Date.now();
    for (const ticket of this.#tickets) if (now - ticket.renewedAt > EXPIRY_MS) this.#tickets.delete(ticket);
    if (this.#tickets.size >= this.#limit) {
      throw new ServiceError("overloaded", "too many requests are waiting for the model; try again");
    }
    const ticket: Ticket = { renewedAt: now };
    this.#tickets.add(ticket);
    try {
      return await work(() => {
        ticket.renewedAt = Date.now();
      });
    } finally {
      this.#tickets.delete(ticket);
    }
  }
}
