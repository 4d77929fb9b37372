/**
 * Which of an account's label sets are computed in the background. All accounts share the consumers of the queue, so an
 * account has a few turns at once, each for one part of a set; the sets take turns in a line. The message of a set in line
 * is kept here, and given to whoever ends a turn. A turn that nobody ends is over after some time, and a message that was
 * given and did not come is given again: so neither a consumer that died nor a lost message keeps the others waiting.
 */
import type { AfterTurn, Build, BuildTurn } from "../../label-sets/builds/account-builds-rpc.ts";
import type { BuildMessage } from "../../label-sets/builds/build-message.ts";

/** Milliseconds; longer than a part takes. */
const TURN_MS = 180_000;
/** Milliseconds in which a message that was given comes from the queue. */
const SENT_MS = 120_000;
/** Milliseconds after which a set of which nothing was heard does not count any more; longer than a message is delayed. */
const FORGOTTEN_MS = 3_600_000;

export class SetBuilds {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  open(build: Build, most: number): boolean {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      this.#endLapsed(now);
      this.#sql.exec(
        "DELETE FROM set_builds WHERE message IS NULL AND until IS NULL AND seen_at <= ?",
        now - FORGOTTEN_MS,
      );
      const { open, own } = this.#sql
        .exec<{ open: number; own: number }>(
          "SELECT COUNT(*) AS open, COUNT(CASE WHEN id = ? AND model = ? THEN 1 END) AS own FROM set_builds",
          build.id,
          build.model,
        )
        .one();
      if (own === 0 && open >= most) return false;
      this.#sql.exec(
        `INSERT INTO set_builds (id, model, position, seen_at) VALUES (?, ?, ${LAST}, ?)
         ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at`,
        build.id,
        build.model,
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
      if (until !== null)
        this.#sql.exec(
          "UPDATE set_builds SET until = ?, message = NULL WHERE id = ? AND model = ?",
          now + TURN_MS,
          message.id,
          message.model,
        );
      return { mayBegin: until !== null, others: given.filter((other) => !isOf(other, message)) };
    });
  }

  end(build: Build, after: AfterTurn, most: number, call: string): BuildMessage[] {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      this.#endLapsed(now);
      const { id, model } = build;
      if (after === "later")
        this.#sql.exec(
          "UPDATE set_builds SET message = NULL, until = NULL, seen_at = ? WHERE id = ? AND model = ?",
          now,
          id,
          model,
        );
      else this.#sql.exec("DELETE FROM set_builds WHERE id = ? AND model = ?", id, model);
      // At the end of the line.
      if (typeof after === "object") this.#keep(after, now);
      return this.#give(now, most, call);
    });
  }

  drop({ id, model, turn }: BuildMessage, most: number, call: string): BuildMessage[] {
    const now = Date.now();
    return this.#storage.transactionSync(() => {
      this.#endLapsed(now);
      this.#sql.exec(
        `DELETE FROM set_builds
         WHERE id = ? AND model = ? AND message IS NOT NULL AND json_extract(message, '$.turn') IS ?`,
        id,
        model,
        turn ?? null,
      );
      return this.#give(now, most, call);
    });
  }

  removed(id: string): void {
    this.#sql.exec("DELETE FROM set_builds WHERE id = ?", id);
  }

  /** Those that were given and did not come are in line again. */
  #endLapsed(now: number): void {
    this.#sql.exec("UPDATE set_builds SET until = NULL WHERE until <= ?", now);
  }

  /** Keeps a set's place in line. */
  #keep(message: BuildMessage, now: number): void {
    this.#sql.exec(
      `INSERT INTO set_builds (id, model, position, message, seen_at) VALUES (?, ?, ${LAST}, ?, ?)
       ON CONFLICT DO UPDATE SET message = excluded.message, seen_at = excluded.seen_at`,
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
        "SELECT id, model FROM set_builds WHERE message IS NOT NULL AND until IS NULL ORDER BY position LIMIT ?",
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
