/**
 * Which of an account's label sets are computed in the background. All accounts share the consumers of the queue, so an
 * account has a few turns at once, each for one part of a set; the sets take turns in a line. The message of a set is kept
 * here until its next one comes, and given to whoever ends a turn once the set is first in line. A turn that nobody ends
 * is over after some time, and a message that was sent and did not come is given again: so neither a consumer that died
 * nor a lost message keeps the others waiting, or ends a set.
 */
import type {
  AfterTurn,
  Build,
  BuildTurn,
  EndedTurn,
  NamedTurn,
  ResumedBuilds,
} from "../../label-sets/builds/account-builds-rpc.ts";
import type { BuildMessage } from "../../label-sets/builds/build-message.ts";

/** Milliseconds; longer than a part takes. */
const TURN_MS = 180_000;
/** Milliseconds in which a message that was sent comes from the queue. */
const SENT_MS = 120_000;
/**
 * Milliseconds, longer than a message is delayed: after them, the queue has lost a message that it was to deliver again,
 * and a set that has no message, because its request did not come so far, does not count any more.
 */
const LOST_MS = 3_600_000;

export class SetBuilds {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  open(build: Build, most: number, message?: BuildMessage): boolean {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      this.#endLapsed(now);
      const { open, own } = this.#sql
        .exec<{ open: number; own: number }>(
          "SELECT COUNT(*) AS open, COUNT(CASE WHEN id = ? AND model = ? THEN 1 END) AS own FROM set_builds",
          build.id,
          build.model,
        )
        .one();
      if (own === 0 && open >= most) return false;
      this.#sql.exec(
        `INSERT INTO set_builds (id, model, position, message, away_until, seen_at) VALUES (?, ?, ${LAST}, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
           message = COALESCE(excluded.message, message),
           away_until = COALESCE(excluded.away_until, away_until),
           seen_at = excluded.seen_at`,
        build.id,
        build.model,
        message === undefined ? null : JSON.stringify(message),
        message === undefined ? null : now + SENT_MS,
        now,
      );
      return true;
    });
  }

  begin(message: BuildMessage, most: number, call: string): BuildTurn {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      this.#endLapsed(now);
      this.#keep(message, now);
      // One that has its turn is in no line.
      const given = this.#give(now, most, call);
      const { until } = this.#sql
        .exec<{ until: number | null }>(
          "SELECT until FROM set_builds WHERE id = ? AND model = ?",
          message.id,
          message.model,
        )
        .one();
      // The queue delivers it again if its consumer dies.
      if (until !== null)
        this.#sql.exec(
          "UPDATE set_builds SET until = ?, given_to = NULL, away_until = ? WHERE id = ? AND model = ?",
          now + TURN_MS,
          now + LOST_MS,
          message.id,
          message.model,
        );
      return { mayBegin: until !== null, others: given.filter((other) => !isOf(other, message)) };
    });
  }

  end(turn: NamedTurn, after: AfterTurn, most: number, call: string): EndedTurn {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      const isOwn = this.#isOwn(turn);
      this.#endLapsed(now);
      if (isOwn) this.#end(turn, after, now);
      return { isOwn, messages: this.#give(now, most, call) };
    });
  }

  drop({ id, model, turn }: BuildMessage, most: number, call: string): BuildMessage[] {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      this.#endLapsed(now);
      this.#sql.exec(
        `DELETE FROM set_builds
         WHERE id = ? AND model = ? AND message IS NOT NULL AND json_extract(message, '$.turn') IS ?
           AND (until IS NULL OR given_to IS NOT NULL)`,
        id,
        model,
        turn ?? null,
      );
      return this.#give(now, most, call);
    });
  }

  resume(most: number, call: string): ResumedBuilds {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      this.#endLapsed(now);
      const messages = this.#give(now, most, call);
      const open = this.#sql.exec<{ id: string; model: string }>("SELECT id, model FROM set_builds");
      return { messages, open: open.toArray() };
    });
  }

  removed(id: string): void {
    this.#sql.exec("DELETE FROM set_builds WHERE id = ?", id);
  }

  /** False for a set that was deleted and stored again meanwhile: its message has another turn. */
  #isOwn({ id, model, turn }: NamedTurn): boolean {
    // Former releases kept no message while the set had its turn.
    const own = this.#sql.exec(
      `SELECT 1 FROM set_builds WHERE id = ? AND model = ?
         AND CASE WHEN message IS NULL THEN until IS NOT NULL ELSE json_extract(message, '$.turn') IS ? END`,
      id,
      model,
      turn ?? null,
    );
    return own.toArray().length > 0;
  }

  #end({ id, model }: Build, after: AfterTurn, now: number): void {
    if (after === "later")
      this.#sql.exec(
        `UPDATE set_builds SET until = NULL, given_to = NULL, away_until = ?, seen_at = ?
         WHERE id = ? AND model = ?`,
        now + LOST_MS,
        now,
        id,
        model,
      );
    else this.#sql.exec("DELETE FROM set_builds WHERE id = ? AND model = ?", id, model);
    // At the end of the line.
    if (typeof after === "object") this.#keep(after, now);
  }

  /** Those whose turn nobody ended have none any more, and those without a message are forgotten after a while. */
  #endLapsed(now: number): void {
    this.#sql.exec("UPDATE set_builds SET until = NULL WHERE until <= ?", now);
    this.#sql.exec(
      "DELETE FROM set_builds WHERE message IS NULL AND until IS NULL AND seen_at <= ?",
      now - LOST_MS,
    );
  }

  /** Keeps a set's place in line. */
  #keep(message: BuildMessage, now: number): void {
    this.#sql.exec(
      `INSERT INTO set_builds (id, model, position, message, seen_at) VALUES (?, ?, ${LAST}, ?, ?)
       ON CONFLICT DO UPDATE SET message = excluded.message, away_until = NULL, seen_at = excluded.seen_at`,
      message.id,
      message.model,
      JSON.stringify(message),
      now,
    );
  }

  /** Gives the free turns to the first in line. @returns their messages, and those that the call was given before */
  #give(now: number, most: number, call: string): BuildMessage[] {
    const { taken } = this.#sql
      .exec<{ taken: number }>("SELECT COUNT(*) AS taken FROM set_builds WHERE until IS NOT NULL")
      .one();
    const first = this.#sql
      .exec<{ id: string; model: string }>(
        `SELECT id, model FROM set_builds
         WHERE message IS NOT NULL AND until IS NULL AND COALESCE(away_until, 0) <= ? ORDER BY position LIMIT ?`,
        now,
        Math.max(0, most - taken),
      )
      .toArray();
    for (const { id, model } of first)
      this.#sql.exec(
        "UPDATE set_builds SET until = ?, given_to = ? WHERE id = ? AND model = ?",
        now + SENT_MS,
        call,
        id,
        model,
      );
    return this.#sql
      .exec<{ message: string }>(
        `SELECT message FROM set_builds
         WHERE message IS NOT NULL AND until IS NOT NULL AND given_to = ? ORDER BY position`,
        call,
      )
      .toArray()
      .map(({ message }) => JSON.parse(message) as BuildMessage);
  }
}

function isOf(build: Build, { id, model }: Build): boolean {
  return build.id === id && build.model === model;
}

const LAST = "(SELECT COALESCE(MAX(position), 0) + 1 FROM set_builds)";
