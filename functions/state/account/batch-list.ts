/** An account's batches: their order, how many are not over, and what they store. What is known of each is in an object of its own. */
import type { BatchPage } from "../../batches/account-batches-rpc.ts";
import { LONGEST_LIFE } from "../../batches/batch-limits.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

export class BatchList {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  add(id: string, maxOpen: number): boolean {
    this.#sql.exec("DELETE FROM batches WHERE created_at < ?", unixSeconds() - LONGEST_LIFE);
    if (this.#positionOf(id) !== undefined) return true;
    const { open } = this.#sql
      .exec<{ open: number }>("SELECT COUNT(*) AS open FROM batches WHERE is_over = 0")
      .one();
    if (open >= maxOpen) return false;
    this.#sql.exec("INSERT INTO batches (id, created_at, is_over) VALUES (?, ?, 0)", id, unixSeconds());
    return true;
  }

  list(after: string | null, limit: number): BatchPage | undefined {
    const before = after === null ? Number.MAX_SAFE_INTEGER : this.#positionOf(after);
    if (before === undefined) return undefined;
    const rows = this.#sql
      .exec<{ id: string }>(
        "SELECT id FROM batches WHERE position < ? AND created_at >= ? ORDER BY position DESC LIMIT ?",
        before,
        unixSeconds() - LONGEST_LIFE,
        limit + 1,
      )
      .toArray();
    return { ids: rows.slice(0, limit).map(({ id }) => id), hasMore: rows.length > limit };
  }

  mayBegin(id: string, most: number): boolean {
    const { before } = this.#sql
      .exec<{ before: number }>(
        "SELECT COUNT(*) AS before FROM batches WHERE is_over = 0 AND position < ?",
        this.#positionOf(id) ?? 0,
      )
      .one();
    if (before >= most) return false;
    this.#sql.exec("UPDATE batches SET has_begun = 1 WHERE id = ? AND has_begun = 0", id);
    return true;
  }

  over(id: string, most: number): string[] {
    this.#sql.exec("UPDATE batches SET is_over = 1, answer_bytes = 0 WHERE id = ? AND is_over = 0", id);
    return this.#sql
      .exec<{ id: string; has_begun: number }>(
        "SELECT id, has_begun FROM batches WHERE is_over = 0 ORDER BY position LIMIT ?",
        most,
      )
      .toArray()
      .flatMap((row) => (row.has_begun === 1 ? [] : row.id));
  }

  /** @returns bytes of the answers of all batches */
  storeAnswers(id: string, bytes: number): number {
    this.#sql.exec("UPDATE batches SET answer_bytes = ? WHERE id = ? AND is_over = 0", bytes, id);
    return this.answerBytes();
  }

  /** Bytes of the answers of all batches that are not over. */
  answerBytes(): number {
    return this.#sql
      .exec<{ bytes: number }>(
        "SELECT COALESCE(SUM(answer_bytes), 0) AS bytes FROM batches WHERE is_over = 0",
      )
      .one().bytes;
  }

  forget(id: string): void {
    this.#sql.exec("DELETE FROM batches WHERE id = ?", id);
  }

  #positionOf(id: string): number | undefined {
    return this.#sql.exec<{ position: number }>("SELECT position FROM batches WHERE id = ?", id).toArray()[0]
      ?.position;
  }
}
