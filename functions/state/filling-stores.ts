/**
 * Which of an account's vector stores have files embedded at present. All accounts share the consumers of the queue, so
 * an account has a turn in a few stores at once. A turn is for one piece of work, and ends by itself if nobody ends it.
 */

/** Milliseconds; longer than a piece of work takes. A store that died has its own turn again at once. */
const TURN_MS = 120_000;
/** Milliseconds until a store asks again: so long that an account's stores ask about twice a second, however many wait. */
const LEAST_WAIT_MS = 5_000;
const WAIT_EACH_MS = 500;
/** Milliseconds after which one that has not asked again waits no more. */
const FORGOTTEN_MS = 180_000;

export class FillingStores {
  readonly #sql: SqlStorage;
  /** Stores without a turn, and when each asked. If the object starts anew, they ask again. */
  readonly #waiting = new Map<string, number>();

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  /** @returns 0 if it is the store's turn, else after how many milliseconds it is to ask again */
  begin(id: string, most: number): number {
    const now = Date.now();
    this.#sql.exec("DELETE FROM filling_stores WHERE until <= ? OR id = ?", now, id);
    const { others } = this.#sql
      .exec<{ others: number }>("SELECT COUNT(*) AS others FROM filling_stores")
      .one();
    if (others >= most) return this.#wait(id, now);
    this.#waiting.delete(id);
    this.#sql.exec("INSERT INTO filling_stores (id, until) VALUES (?, ?)", id, now + TURN_MS);
    return 0;
  }

  end(id: string): void {
    this.#sql.exec("DELETE FROM filling_stores WHERE id = ?", id);
  }

  #wait(id: string, now: number): number {
    for (const [each, askedAt] of this.#waiting) if (askedAt < now - FORGOTTEN_MS) this.#waiting.delete(each);
    this.#waiting.set(id, now);
    const wait = Math.max(LEAST_WAIT_MS, this.#waiting.size * WAIT_EACH_MS);
    // Not all at the same time, while the turns that have ended meanwhile go unused.
    return Math.round(wait * (0.5 + Math.random()));
  }
}
