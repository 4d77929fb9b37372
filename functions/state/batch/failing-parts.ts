/**
 * Parts on which the service failed, not because it had too much to do: some line may end an isolate whenever it is
 * answered. Such a part is a suspect, which is lent when no other part of the batch is, so that it is not blamed for
 * another's fault. It is tried again, then cut in two, until a line is alone. One that still fails is given up, while
 * the rest of the batch is answered.
 *
 * If everything fails, no line is to blame. So what counts is whether others of the batch were answered after the part
 * had failed; if they were not, the part is tried for much longer.
 */
import { retrySeconds } from "../../runtime/background-work.ts";

interface FailingRow extends Record<string, SqlStorageValue> {
  number: number;
  lines: number;
  open_lines: string | null;
  failures: number;
  failed_at: number | null;
}

/** Failures until a part is cut in two; a half begins with one. */
const CUT_AFTER = { othersAnswered: 2, othersNot: 4 } as const;
/** Failures until a line that is alone is given up; without others, that takes about an hour. */
const GIVEN_UP_AFTER = { othersAnswered: 5, othersNot: 12 } as const;
/**
 * Cuts of a batch, each of which makes one more part (`MAX_PARTS` in `jobs/batches/part-cutter.ts` says why they are counted).
 * What cannot be cut any more is tried until the batch expires.
 */
const MAX_CUTS = 500;

export class FailingParts {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  /**
   * Takes back a part on which the service failed. Within a transaction.
   * @param answeredAt when lines of the batch were last answered well
   * @returns milliseconds until it is tried again, unless it is given up; undefined if the token's part was lent to
   * another, or is done
   */
  failed(
    token: string,
    answeredAt: number,
    now: number,
  ): { pauseMs: number; isGivenUp: boolean } | undefined {
    const [row] = this.#sql
      .exec<FailingRow>("SELECT * FROM parts WHERE done = 0 AND token = ?", token)
      .toArray();
    if (row === undefined) return undefined;
    const { number, lines, open_lines: open } = row;
    const left =
      open === null ? Array.from({ length: lines }, (_, at) => at) : (JSON.parse(open) as number[]);
    const since = row.failed_at ?? now;
    const failures = row.failures + 1;
    const others = answeredAt > since ? "othersAnswered" : "othersNot";
    if (left.length === 1 && failures >= GIVEN_UP_AFTER[others]) {
      this.#sql.exec(
        "UPDATE parts SET done = 1, given_up = 1, token = NULL, lent_until = 0 WHERE number = ?",
        number,
      );
      return { pauseMs: 0, isGivenUp: true };
    }
    const mayCut = left.length > 1 && this.#mayCut();
    // Once others are answered, waiting helps a line that is alone only.
    const doublings = mayCut && others === "othersAnswered" ? 0 : failures - 1;
    const pauseMs = 1000 * retrySeconds(doublings);
    if (mayCut && failures >= CUT_AFTER[others]) this.#cut(number, left, since, now + pauseMs);
    else {
      this.#sql.exec(
        `UPDATE parts SET token = NULL, lent_until = 0, not_before = ?, failures = ?, failed_at = ?
         WHERE number = ?`,
        now + pauseMs,
        failures,
        since,
        number,
      );
    }
    return { pauseMs, isGivenUp: false };
  }

  /** Both halves stand in the same bytes of the input. */
  #cut(number: number, left: readonly number[], since: number, notBefore: number): void {
    const half = Math.ceil(left.length / 2);
    const [first, second] = [left.slice(0, half), left.slice(half)];
    // Others that were answered before a line was alone say nothing of it.
    const sinceOf = ({ length }: readonly number[]): number => (length > 1 ? since : Date.now());
    this.#sql.exec(
      `INSERT INTO parts (number, offset, bytes, lines, custom_ids, open_lines, done, tries, lent_until, not_before,
                          failures, failed_at, is_cut)
       SELECT (SELECT MAX(number) + 1 FROM parts), offset, bytes, lines, custom_ids, ?, 0, 0, 0, ?, 1, ?, 1
       FROM parts WHERE number = ?`,
      JSON.stringify(second),
      notBefore,
      sinceOf(second),
      number,
    );
    this.#sql.exec(
      `UPDATE parts SET open_lines = ?, token = NULL, tries = 0, lent_until = 0, not_before = ?, failures = 1,
                        failed_at = ?
       WHERE number = ?`,
      JSON.stringify(first),
      notBefore,
      sinceOf(first),
      number,
    );
  }

  #mayCut(): boolean {
    const { cuts } = this.#sql
      .exec<{ cuts: number }>("SELECT COUNT(*) AS cuts FROM parts WHERE is_cut = 1")
      .one();
    return cuts < MAX_CUTS;
  }
}
