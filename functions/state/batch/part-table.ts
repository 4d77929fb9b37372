/** The parts of a batch: which are lent to whom, and which of their lines have no answer. */
import type { Answers, NewPart, Part, StoredAnswers, Unanswered } from "../../batches/batch-state-rpc.ts";
import { type Taker, WORK_LEASE_MS } from "../../runtime/background-work.ts";

interface PartRow extends Record<string, SqlStorageValue> {
  number: number;
  offset: number;
  bytes: number;
  lines: number;
  custom_ids: string | null;
  open_lines: string | null;
  tries: number;
  lent_until: number;
  not_before: number;
  given_up: number;
}

/** Bytes of a line that says that there is no answer, at most, without its `custom_id`. */
const UNANSWERED_BYTES = 400;

export class PartTable {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  /** Within a transaction. */
  add(first: number, parts: readonly NewPart[]): void {
    this.#sql.exec("DELETE FROM parts WHERE number >= ?", first);
    for (const [index, { offset, bytes, customIds }] of parts.entries()) {
      this.#sql.exec(
        `INSERT INTO parts (number, offset, bytes, lines, custom_ids, done, tries, lent_until, not_before)
         VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0)`,
        first + index,
        offset,
        bytes,
        customIds.length,
        JSON.stringify(customIds),
      );
    }
  }

  /** Parts of an input that was not read to its end. */
  removeAll(): void {
    this.#sql.exec("DELETE FROM parts");
  }

  /** Takes back the work that was lent for an earlier delivery of the message, as `isTakenBefore` says. */
  takeBack({ message, attempt }: Taker): void {
    this.#sql.exec(
      "UPDATE parts SET token = NULL, lent_until = 0 WHERE done = 0 AND message = ? AND attempt < ?",
      message,
      attempt,
    );
  }

  /**
   * Lends the next part that nobody has. Those that have failed least come first (`failing-parts.ts`).
   * @param isAlone true if no other part is lent
   */
  lend(token: string, { message, attempt }: Taker, now: number, isAlone: boolean): Part | undefined {
    const [row] = this.#sql
      .exec<PartRow>(
        `SELECT * FROM parts WHERE done = 0 AND lent_until <= ? AND not_before <= ? AND failures <= ?
         ORDER BY failures, number LIMIT 1`,
        now,
        now,
        isAlone ? Number.MAX_SAFE_INTEGER : 0,
      )
      .toArray();
    if (row === undefined) return undefined;
    const { number, offset, bytes, lines, open_lines: open, tries } = row;
    this.#sql.exec(
      "UPDATE parts SET token = ?, message = ?, attempt = ?, lent_until = ?, tries = tries + 1 WHERE number = ?",
      token,
      message,
      attempt,
      now + WORK_LEASE_MS,
      number,
    );
    return {
      number,
      offset,
      bytes,
      lines,
      left: open === null ? null : (JSON.parse(open) as number[]),
      tries,
    };
  }

  /** How many are lent, how many of these have failed before, and how many are not done. */
  counts(now: number): { lent: number; suspects: number; open: number } {
    return this.#sql
      .exec<{ lent: number; suspects: number; open: number }>(
        `SELECT COALESCE(SUM(lent_until > ?), 0) AS lent, COUNT(*) AS open,
                COALESCE(SUM(lent_until > ? AND failures > 0), 0) AS suspects
         FROM parts WHERE done = 0`,
        now,
        now,
      )
      .one();
  }

  /** When the next part is free that is not now. */
  nextAt(): number {
    const [row] = this.#sql
      .exec<{ at: number }>(
        "SELECT MAX(lent_until, not_before) AS at FROM parts WHERE done = 0 ORDER BY at LIMIT 1",
      )
      .toArray();
    return row?.at ?? 0;
  }

  /** When the last of those that are lent is free. */
  lentUntil(): number {
    return this.#sql
      .exec<{ at: number }>("SELECT COALESCE(MAX(lent_until), 0) AS at FROM parts WHERE done = 0")
      .one().at;
  }

  /** @returns false if the token's part was lent to another, or is done */
  renew(token: string, now: number): boolean {
    const changed = this.#sql.exec(
      "UPDATE parts SET lent_until = ? WHERE done = 0 AND token = ?",
      now + WORK_LEASE_MS,
      token,
    );
    return changed.rowsWritten > 0;
  }

  /** @returns false if the token's part was lent to another, or is done */
  release(token: string, notBefore: number): boolean {
    const changed = this.#sql.exec(
      "UPDATE parts SET token = NULL, lent_until = 0, not_before = ? WHERE done = 0 AND token = ?",
      notBefore,
      token,
    );
    return changed.rowsWritten > 0;
  }

  /** Within a transaction. @returns false if the token's part was lent to another, or is done */
  answered(token: string, { part, outputBytes, errorBytes, left, pauseMs }: Answers, now: number): boolean {
    const isLent = this.#sql
      .exec("SELECT 1 FROM parts WHERE number = ? AND done = 0 AND token = ?", part, token)
      .toArray().length;
    if (isLent === 0) return false;
    this.#sql.exec(
      "INSERT INTO answers (part, token, output_bytes, error_bytes) VALUES (?, ?, ?, ?)",
      part,
      token,
      outputBytes,
      errorBytes,
    );
    if (left.length === 0) {
      this.#sql.exec(
        "UPDATE parts SET done = 1, token = NULL, custom_ids = NULL, open_lines = NULL WHERE number = ?",
        part,
      );
    } else {
      this.#sql.exec(
        `UPDATE parts SET token = NULL, lent_until = 0, open_lines = ?, not_before = ?, failures = 0, failed_at = NULL
         WHERE number = ?`,
        JSON.stringify(left),
        now + pauseMs,
        part,
      );
    }
    return true;
  }

  /** After those of a part and token, in this order. */
  results(afterPart: number, afterToken: string, limit: number): StoredAnswers[] {
    return this.#sql
      .exec<{ part: number; token: string; output_bytes: number; error_bytes: number }>(
        "SELECT * FROM answers WHERE (part, token) > (?, ?) ORDER BY part, token LIMIT ?",
        afterPart,
        afterToken,
        limit,
      )
      .toArray()
      .map(({ part, token, output_bytes, error_bytes }) => ({
        part,
        token,
        outputBytes: output_bytes,
        errorBytes: error_bytes,
      }));
  }

  /** The most that the files will have: all answers, and what is said of lines that have none. */
  totals(): { outputBytes: number; errorBytes: number } {
    const { output, error } = this.#sql
      .exec<{ output: number; error: number }>(
        "SELECT COALESCE(SUM(output_bytes), 0) AS output, COALESCE(SUM(error_bytes), 0) AS error FROM answers",
      )
      .one();
    // Of those that are begun, more are counted than there are.
    const { lines, ids } = this.#sql
      .exec<{ lines: number; ids: number }>(
        `SELECT COALESCE(SUM(lines), 0) AS lines, COALESCE(SUM(LENGTH(CAST(custom_ids AS BLOB))), 0) AS ids
         FROM parts WHERE done = 0 OR given_up = 1`,
      )
      .one();
    return { outputBytes: output, errorBytes: error + ids + lines * UNANSWERED_BYTES };
  }

  /** As many parts as have so many characters of ids, and one at least if there is one. */
  unanswered(afterPart: number, characters: number): Unanswered[] {
    const found: Unanswered[] = [];
    let left = characters;
    const rows = this.#sql.exec<PartRow>(
      "SELECT * FROM parts WHERE (done = 0 OR given_up = 1) AND number > ? ORDER BY number",
      afterPart,
    );
    for (const { number, custom_ids: ids, open_lines: open, given_up: givenUp } of rows) {
      left -= ids?.length ?? 0;
      if (left < 0 && found.length > 0) break;
      const all = JSON.parse(ids ?? "[]") as string[];
      const openLines = open === null ? undefined : new Set(JSON.parse(open) as number[]);
      const customIds = all.filter((_, index) => openLines?.has(index) ?? true);
      found.push({ part: number, customIds, isGivenUp: givenUp === 1 });
    }
    return found;
  }
}
