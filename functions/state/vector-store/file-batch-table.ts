/** File batches of a vector store: how many of their files are where. */
import type { FileBatchFacts, NewFileBatch } from "../../vector-stores/file-batch-rpc.ts";
import { MAX_STORE_BATCHES } from "../../vector-stores/store-limits.ts";
import type { FileCounts } from "../../vector-stores/store-state-rpc.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

export interface FileBatchRecord {
  keyId: string | null;
  tier: string;
  createdAt: number;
  isCancelled: boolean;
  counts: FileCounts;
}

export class FileBatchTable {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  get(id: string): FileBatchRecord | undefined {
    const [row] = this.#sql.exec<{ record: string }>("SELECT record FROM batches WHERE id = ?", id).toArray();
    return row && (JSON.parse(row.record) as FileBatchRecord);
  }

  facts(id: string): FileBatchFacts | undefined {
    const record = this.get(id);
    if (record === undefined) return undefined;
    return { id, createdAt: record.createdAt, status: statusOf(record), counts: record.counts };
  }

  /** Makes room for another. @returns false if all are under way */
  makeRoom(): boolean {
    const { batches } = this.#sql.exec<{ batches: number }>("SELECT COUNT(*) AS batches FROM batches").one();
    if (batches < MAX_STORE_BATCHES) return true;
    const oldest = "SELECT position FROM batches WHERE is_over = 1 ORDER BY position LIMIT 1";
    const removed = this.#sql.exec(`DELETE FROM batches WHERE position = (${oldest}) RETURNING 1`);
    return removed.toArray().length > 0;
  }

  add({ id, keyId, tier }: NewFileBatch, counts: FileCounts): void {
    const record: FileBatchRecord = { keyId, tier, createdAt: unixSeconds(), isCancelled: false, counts };
    this.#sql.exec(
      "INSERT INTO batches (id, is_over, record) VALUES (?, ?, ?)",
      id,
      isOver(record),
      JSON.stringify(record),
    );
  }

  /** Counts the ends of files that waited, one each. */
  ended(id: string, ends: readonly ("completed" | "failed" | "cancelled")[]): void {
    const record = this.get(id);
    if (record === undefined || ends.length === 0) return;
    for (const end of ends) record.counts[end]++;
    record.counts.in_progress -= ends.length;
    this.#write(id, record);
  }

  /** Whatever of it waited. */
  cancel(id: string): void {
    const record = this.get(id);
    if (record === undefined || record.counts.in_progress === 0) return;
    record.counts.cancelled += record.counts.in_progress;
    record.counts.in_progress = 0;
    this.#write(id, { ...record, isCancelled: true });
  }

  #write(id: string, record: FileBatchRecord): void {
    this.#sql.exec(
      "UPDATE batches SET is_over = ?, record = ? WHERE id = ?",
      isOver(record),
      JSON.stringify(record),
      id,
    );
  }
}

function isOver({ counts }: FileBatchRecord): 0 | 1 {
  return counts.in_progress === 0 ? 1 : 0;
}

function statusOf({ counts, isCancelled }: FileBatchRecord): FileBatchFacts["status"] {
  if (counts.in_progress > 0) return "in_progress";
  if (isCancelled) return "cancelled";
  return counts.total > 0 && counts.failed === counts.total ? "failed" : "completed";
}
