/** The one row of a batch's object: what the batch was made with, and how far it is. */
import type { NewBatch } from "../../batches/batch-state-rpc.ts";
import { type Taker, WORK_LEASE_MS } from "../../runtime/background-work.ts";
import type { BatchRecord } from "./batch-record.ts";

/**
 * Milliseconds by which the stored time of the next message may be too early, so that not every renewal writes a row.
 */
const EXPECTED_WITHIN_MS = 15_000;

export interface KnownBatch {
  made: NewBatch;
  record: BatchRecord;
}

export class BatchRow {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'batch'").toArray().length > 0;
  }

  insert(made: NewBatch, record: BatchRecord): void {
    const [of, how] = [JSON.stringify(made), JSON.stringify(record)];
    this.#sql.exec("INSERT INTO batch (one, made, record) VALUES (1, ?, ?)", of, how);
  }

  /** @returns undefined if nobody made the batch */
  read(): KnownBatch | undefined {
    if (!this.exists()) return undefined;
    const [row] = this.#sql.exec<{ made: string; record: string }>("SELECT * FROM batch").toArray();
    return row && { made: JSON.parse(row.made) as NewBatch, record: JSON.parse(row.record) as BatchRecord };
  }

  write(record: BatchRecord): void {
    this.#sql.exec("UPDATE batch SET record = ?", JSON.stringify(record));
  }

  /** @returns undefined if the check or the end is lent to another */
  heldBy(token: string): BatchRecord | undefined {
    const record = this.read()?.record;
    return record?.token === token ? record : undefined;
  }

  /** Lends the check or the end, which only one may do. @returns undefined if another has it */
  lend(record: BatchRecord, taker: Taker): string | undefined {
    const now = Date.now();
    if (record.lentUntil > now) return undefined;
    record.token = crypto.randomUUID();
    record.taker = taker;
    record.lentUntil = now + WORK_LEASE_MS;
    record.expectedAt = record.lentUntil;
    this.write(record);
    return record.token;
  }

  /** The batch's next message comes within so many milliseconds. */
  expect(record: BatchRecord, milliseconds: number): void {
    const expectedAt = Date.now() + milliseconds;
    if (expectedAt > record.expectedAt + EXPECTED_WITHIN_MS) this.write({ ...record, expectedAt });
  }
}
