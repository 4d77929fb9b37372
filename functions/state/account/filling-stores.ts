/**
 * Which of an account's vector stores have files embedded at present. All accounts share the consumers of the queue, so
 * an account has a turn in a few stores at once. A turn is for one piece of work, and ends by itself if nobody ends it.
 *
 * A store whose turn has ended asks for the next at once, others only after their wait. So it leaves the turn to one that
 * has waited since before its last turn began, and will ask soon.
 */

/** Milliseconds; longer than a piece of work takes. A store that died has its own turn again at once. */
const TURN_MS = 120_000;
/** Milliseconds until a store asks again: so long that an account's stores ask about twice a second, however many wait. */
const MIN_WAIT_MS = 5_000;
const WAIT_EACH_MS = 500;
/** Milliseconds after which one that has not asked again waits no more. */
const FORGOTTEN_MS = 180_000;
/** Milliseconds by which a store may ask late; after that no turn is kept for it. */
const LATE_MS = 2_500;
/** Milliseconds by which a store asks later than the one that it leaves its turn to. */
const AFTER_MS = 1_000;
/** Milliseconds after its turn during which a store leaves the next to others: a turn goes unused no longer than that. */
const YIELDING_MS = 10_000;

interface Waiting {
  /** When it asked first and last, and when it is to ask again. Milliseconds since 1970. */
  since: number;
  askedAt: number;
  dueAt: number;
}

interface Turn {
  beganAt: number;
  /** Undefined until somebody ends it. */
  endedAt?: number;
}

export class FillingStores {
  readonly #sql: SqlStorage;
  /** Stores without a turn. If the object starts anew, they ask again. */
  readonly #waiting = new Map<string, Waiting>();
  /** The last of each store, of the last minutes. */
  readonly #turns = new Map<string, Turn>();

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  /** @returns 0 if it is the store's turn, else after how many milliseconds it is to ask again */
  begin(id: string, most: number): number {
    const now = Date.now();
    this.#forget(now);
    this.#sql.exec("DELETE FROM filling_stores WHERE until <= ? OR id = ?", now, id);
    const { others } = this.#sql
      .exec<{ others: number }>("SELECT COUNT(*) AS others FROM filling_stores")
      .one();
    if (others >= most) return this.#wait(id, now);
    const first = this.#ahead(id, now);
    if (first.length >= most - others) return this.#wait(id, now, first[0]);
    this.#waiting.delete(id);
    this.#turns.set(id, { beganAt: now });
    this.#sql.exec("INSERT INTO filling_stores (id, until) VALUES (?, ?)", id, now + TURN_MS);
    return 0;
  }

  end(id: string): void {
    const turn = this.#turns.get(id);
    if (turn !== undefined) turn.endedAt ??= Date.now();
    this.#sql.exec("DELETE FROM filling_stores WHERE id = ?", id);
  }

  /** @returns when those ask again to which the store leaves the next turn, the first of them first */
  #ahead(id: string, now: number): number[] {
    const { beganAt, endedAt } = this.#turns.get(id) ?? { beganAt: 0 };
    if (endedAt === undefined || now - endedAt >= YIELDING_MS) return [];
    return [...this.#waiting]
      .filter(([each, { since, dueAt }]) => each !== id && since <= beganAt && now <= dueAt + LATE_MS)
      .map(([, { dueAt }]) => dueAt)
      .toSorted((a, b) => a - b);
  }

  /** @param until when another asks to which the store leaves its turn */
  #wait(id: string, now: number, until?: number): number {
    const since = this.#waiting.get(id)?.since ?? now;
    const size = this.#waiting.size + (this.#waiting.has(id) ? 0 : 1);
    const wait = Math.max(MIN_WAIT_MS, size * WAIT_EACH_MS);
    // Not all at the same time, while the turns that have ended meanwhile go unused.
    const usual = Math.round(wait * (0.5 + Math.random()));
    const milliseconds =
      until === undefined ? usual : Math.min(YIELDING_MS, Math.max(0, until - now) + AFTER_MS);
    this.#waiting.set(id, { since, askedAt: now, dueAt: now + milliseconds });
    return milliseconds;
  }

  #forget(now: number): void {
    for (const [id, { askedAt }] of this.#waiting) if (askedAt < now - FORGOTTEN_MS) this.#waiting.delete(id);
    for (const [id, { beganAt, endedAt = beganAt + TURN_MS }] of this.#turns)
      if (endedAt < now - YIELDING_MS) this.#turns.delete(id);
  }
}
