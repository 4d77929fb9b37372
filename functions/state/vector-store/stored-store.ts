/**
 * A vector store's tables together: what one picture's change means for rows, segments, batches and counts. Every method
 * that changes something runs within a transaction, and its caller writes the record.
 */
import type { NewFileBatch } from "../../vector-stores/file-batch-rpc.ts";
import type { FileCounts } from "../../vector-stores/store-state-rpc.ts";
import type { Filled } from "../../vector-stores/store-work-rpc.ts";
import type { Attributes, NewPicture, PictureFacts } from "../../vector-stores/stored-picture.ts";
import { FileBatchTable } from "./file-batch-table.ts";
import {
  attributesText,
  changesRow,
  factsOfPicture,
  PictureTable,
  statusOf,
  STATUSES,
  type StoredRow,
  usageOf,
  type Written,
} from "./picture-table.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";
import { SegmentTable } from "./segment-table.ts";
import type { StoreRecord } from "./store-record.ts";

export class StoredStore {
  readonly pictures: PictureTable;
  readonly segments: SegmentTable;
  readonly batches: FileBatchTable;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.pictures = new PictureTable(storage);
    this.segments = new SegmentTable(storage);
    this.batches = new FileBatchTable(storage);
  }

  /** @returns undefined if there is no store */
  record(): StoreRecord | undefined {
    const hasTables = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'store'").toArray().length > 0;
    if (!hasTables) return undefined;
    const [row] = this.#sql.exec<{ record: string }>("SELECT record FROM store").toArray();
    return row && (JSON.parse(row.record) as StoreRecord);
  }

  write(record: StoreRecord): void {
    this.#sql.exec(
      "INSERT INTO store VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET record = excluded.record",
      JSON.stringify(record),
    );
  }

  /** Removes everything but the record. */
  empty(): void {
    const tables = this.#sql.exec<{ name: string }>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('store', 'migrations')
       AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'`,
    );
    for (const { name } of tables.toArray()) this.#sql.exec(`DELETE FROM ${name}`);
  }

  /** Adds a picture, or replaces the one that its file has. */
  put(record: StoreRecord, { fileId, filename, bytes, attributes, row }: NewPicture): PictureFacts {
    const known = this.pictures.get(fileId);
    const number = record.nextNumber;
    const written: Written = { filename, bytes, attributes: attributesText(attributes), number, row };
    if (known === undefined) {
      this.pictures.insert(fileId, unixSeconds(), written);
    } else {
      this.#leave(record, known);
      this.pictures.complete(known.position, written);
      if (statusOf(known) === "in_progress" && known.batch !== null)
        this.batches.ended(known.batch, ["completed"]);
    }
    this.#enter(record, written, row.ints.length);
    return factsOfPicture(this.pictures.get(fileId)!);
  }

  /** @returns what it is now */
  setAttributes(record: StoreRecord, known: StoredRow, attributes: Attributes): PictureFacts {
    const text = attributesText(attributes);
    if (text !== known.attributes) this.#change(record, known, { ...known, attributes: text });
    return factsOfPicture(this.pictures.get(known.file)!);
  }

  remove(record: StoreRecord, known: StoredRow): void {
    this.#leave(record, known);
    this.pictures.remove(known);
    if (statusOf(known) === "in_progress" && known.batch !== null)
      this.batches.ended(known.batch, ["cancelled"]);
  }

  /** How many pictures a batch would add, and how many rows of segments would be open again. */
  growthBy({ files }: NewFileBatch): { added: number; opened: number } {
    const covered = this.segments.covered();
    let [added, opened] = [0, 0];
    for (const { fileId, attributes } of files) {
      const known = this.pictures.get(fileId);
      if (known === undefined) added++;
      else if (changesRow(known, attributes) && known.number! <= covered) opened++;
    }
    return { added, opened };
  }

  /** The files of a batch that the store does not have wait from now on. */
  addBatch(record: StoreRecord, batch: NewFileBatch): void {
    const counts: FileCounts = {
      in_progress: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      total: batch.files.length,
    };
    const takenOver = new Map<string, number>();
    for (const { fileId, attributes } of batch.files) {
      const text = attributesText(attributes);
      const known = this.pictures.get(fileId);
      if (known === undefined) {
        this.pictures.insertPending(fileId, unixSeconds(), text, batch.id);
        record.counts.in_progress++;
        record.usageBytes += usageOf({ filename: "", attributes: text }, 0);
        counts.in_progress++;
        continue;
      }
      const isCompleted = statusOf(known) === "completed";
      if (statusOf(known) === "in_progress" && known.batch !== null)
        takenOver.set(known.batch, (takenOver.get(known.batch) ?? 0) + 1);
      const status = STATUSES.indexOf(isCompleted ? "completed" : "in_progress");
      this.#change(record, known, { ...known, status, attributes: text, batch: batch.id, error: null });
      counts[isCompleted ? "completed" : "in_progress"]++;
    }
    for (const [id, files] of takenOver)
      this.batches.ended(
        id,
        Array.from({ length: files }, () => "cancelled"),
      );
    this.batches.add(batch, counts);
  }

  cancelBatch(record: StoreRecord, id: string): void {
    const status = STATUSES.indexOf("cancelled");
    for (const known of this.pictures.pendingOf(id)) this.#change(record, known, { ...known, status });
    this.batches.cancel(id);
  }

  /** Only files that still wait are changed. */
  fill(record: StoreRecord, files: readonly Filled[]): void {
    const ends = new Map<string, ("completed" | "failed")[]>();
    for (const { fileId, filename, bytes, result } of files) {
      const known = this.pictures.get(fileId);
      if (known === undefined || statusOf(known) !== "in_progress") continue;
      this.#leave(record, known);
      const isFailed = "code" in result;
      if (isFailed) {
        this.pictures.fail(known.position, filename, bytes, result);
        record.counts.failed++;
        record.usageBytes += usageOf({ filename, attributes: known.attributes }, 0);
      } else {
        const { attributes } = known;
        const written = { filename, bytes, attributes, number: record.nextNumber, row: result };
        this.pictures.complete(known.position, written);
        this.#enter(record, written, result.ints.length);
      }
      if (known.batch === null) continue;
      const list = ends.get(known.batch) ?? [];
      list.push(isFailed ? "failed" : "completed");
      ends.set(known.batch, list);
    }
    for (const [id, list] of ends) this.batches.ended(id, list);
  }

  /** A picture that has a vector gets a new row if its attributes change. */
  #change(record: StoreRecord, known: StoredRow, next: StoredRow): void {
    const isSameRow = known.attributes === next.attributes && known.status === next.status;
    if (known.number === null || isSameRow) {
      record.usageBytes += usageOf(next, 0) - usageOf(known, 0);
      record.counts[statusOf(known)]--;
      record.counts[statusOf(next)]++;
      this.pictures.change(known.position, next);
      return;
    }
    this.#leave(record, known);
    this.pictures.change(known.position, { ...next, number: record.nextNumber });
    this.#enter(record, next, record.made.width);
  }

  /** The counts are without the picture now, and its row, if it has one, is dead. */
  #leave(record: StoreRecord, known: StoredRow): void {
    const { number } = known;
    record.counts[statusOf(known)]--;
    record.usageBytes -= usageOf(known, number === null ? 0 : record.made.width);
    if (number === null) return;
    record.version++;
    if (!this.segments.die(number)) record.openRows--;
  }

  #enter(record: StoreRecord, picture: { filename: string; attributes: string }, width: number): void {
    record.counts.completed++;
    record.usageBytes += usageOf(picture, width);
    record.version++;
    record.openRows++;
    record.nextNumber++;
  }
}
