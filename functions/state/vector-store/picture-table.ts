/** The pictures of a vector store, with their vectors. */
import { MAX_ATTRIBUTE_BYTES } from "../../vector-stores/store-limits.ts";
import type { OpenRow, PicturePage, PictureQuery } from "../../vector-stores/store-state-rpc.ts";
import type { Attributes, PictureFacts, QuantizedRow } from "../../vector-stores/stored-picture.ts";
import { GoneEntries } from "../gone-entries.ts";
import { pageRange } from "../page-range.ts";

export const STATUSES = ["completed", "in_progress", "failed", "cancelled"] as const;
type Status = (typeof STATUSES)[number];

/** Without the vector, which most questions do not need. */
const FACTS = "position, file, number, status, filename, bytes, attributes, created_at, batch, error";
/** Bytes of a vector's scale. */
const SCALE_BYTES = 4;

export interface StoredRow extends Record<string, SqlStorageValue> {
  position: number;
  file: string;
  /** null unless it is completed. */
  number: number | null;
  /** Index in `STATUSES`. */
  status: number;
  filename: string;
  bytes: number;
  /** JSON. */
  attributes: string;
  created_at: number;
  batch: string | null;
  /** JSON. */
  error: string | null;
}

interface VectorRow extends Record<string, SqlStorageValue> {
  number: number;
  attributes: string;
  scale: number;
  ints: ArrayBuffer;
}

/** What a file's picture gets when it is written. */
export interface Written {
  filename: string;
  bytes: number;
  /** JSON. */
  attributes: string;
  number: number;
  row: QuantizedRow;
}

export function statusOf({ status }: StoredRow): Status {
  return STATUSES[status] ?? "failed";
}

export function factsOfPicture(row: StoredRow): PictureFacts {
  return {
    fileId: row.file,
    filename: row.filename,
    bytes: row.bytes,
    attributes: JSON.parse(row.attributes) as Attributes,
    createdAt: row.created_at,
    status: statusOf(row),
    lastError: row.error === null ? null : (JSON.parse(row.error) as PictureFacts["lastError"]),
    batchId: row.batch,
  };
}

/** @throws RangeError if they are longer than a route lets through */
export function attributesText(attributes: Attributes): string {
  const text = JSON.stringify(attributes);
  if (bytesOf(text) > MAX_ATTRIBUTE_BYTES) throw new RangeError("the attributes of a picture are too long");
  return text;
}

/** Whether a picture gets a new row with these attributes: one without a vector has none. */
export function changesRow({ number, attributes: known }: StoredRow, attributes: Attributes): boolean {
  return number !== null && attributesText(attributes) !== known;
}

/** Bytes that count as used. @param width of its vector; 0 if it has none */
export function usageOf(picture: { filename: string; attributes: string }, width: number): number {
  const vector = width === 0 ? 0 : width + SCALE_BYTES;
  return vector + bytesOf(picture.filename) + bytesOf(picture.attributes);
}

export class PictureTable {
  readonly #sql: SqlStorage;
  readonly #gone: GoneEntries;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#gone = new GoneEntries(storage);
  }

  get(fileId: string): StoredRow | undefined {
    return this.#sql.exec<StoredRow>(`SELECT ${FACTS} FROM pictures WHERE file = ?`, fileId).toArray()[0];
  }

  insert(fileId: string, createdAt: number, { filename, bytes, attributes, number, row }: Written): void {
    this.#sql.exec(
      `INSERT INTO pictures (position, file, number, status, filename, bytes, attributes, created_at, scale, ints)
       VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?)`,
      this.#nextPosition(),
      fileId,
      number,
      filename,
      bytes,
      attributes,
      createdAt,
      row.scale,
      blobOf(row.ints),
    );
  }

  /** It keeps its place in listings. */
  complete(position: number, { filename, bytes, attributes, number, row }: Written): void {
    this.#sql.exec(
      `UPDATE pictures SET number = ?, status = 0, filename = ?, bytes = ?, attributes = ?, error = NULL,
       scale = ?, ints = ? WHERE position = ?`,
      number,
      filename,
      bytes,
      attributes,
      row.scale,
      blobOf(row.ints),
      position,
    );
  }

  /** Inserts a picture of a file batch, without a vector yet. */
  insertPending(fileId: string, createdAt: number, attributes: string, batch: string): void {
    this.#sql.exec(
      `INSERT INTO pictures (position, file, status, filename, bytes, attributes, created_at, batch)
       VALUES (?, ?, 1, '', 0, ?, ?, ?)`,
      this.#nextPosition(),
      fileId,
      attributes,
      createdAt,
      batch,
    );
  }

  /** Leaves the vector, if it has one, as it is. */
  change(position: number, { number, status, attributes, batch, error }: StoredRow): void {
    this.#sql.exec(
      "UPDATE pictures SET number = ?, status = ?, attributes = ?, batch = ?, error = ? WHERE position = ?",
      number,
      status,
      attributes,
      batch,
      error,
      position,
    );
  }

  fail(position: number, filename: string, bytes: number, error: PictureFacts["lastError"]): void {
    this.#sql.exec(
      "UPDATE pictures SET status = 2, filename = ?, bytes = ?, error = ? WHERE position = ?",
      filename,
      bytes,
      JSON.stringify(error),
      position,
    );
  }

  remove({ file, position }: StoredRow): void {
    this.#gone.note(file, position);
    this.#sql.exec("DELETE FROM pictures WHERE position = ?", position);
  }

  list({ after, before, limit, order, status, batchId }: PictureQuery): PicturePage {
    const [from, to] = [after, before].map((id) => (id === null ? undefined : this.#placeOf(id)));
    if (after !== null && from === undefined) return { pictures: [], hasMore: false, unknown: "after" };
    if (before !== null && to === undefined) return { pictures: [], hasMore: false, unknown: "before" };
    const range = pageRange({ after: from, before: to, limit, order });
    const conditions = ["position > ?", "position < ?"];
    const values: (string | number)[] = [range.above, range.below];
    if (status !== null) {
      // The index is used only if its own condition is here.
      conditions.push(status === "completed" ? "status = ?" : "status > 0 AND status = ?");
      values.push(STATUSES.indexOf(status));
    }
    if (batchId !== null) {
      conditions.push("batch = ?");
      values.push(batchId);
    }
    const rows = this.#sql.exec<StoredRow>(
      `SELECT ${FACTS} FROM pictures WHERE ${conditions.join(" AND ")}
       ORDER BY position ${range.direction} LIMIT ?`,
      ...values,
      range.limit,
    );
    const { page, hasMore } = range.pageOf(rows.toArray());
    return { pictures: page.map(factsOfPicture), hasMore };
  }

  #nextPosition(): number {
    const { last } = this.#sql
      .exec<{ last: number | null }>("SELECT MAX(position) AS last FROM pictures")
      .one();
    return this.#gone.next(last);
  }

  #placeOf(id: string): number | undefined {
    return this.get(id)?.position ?? this.#gone.positionOf(id);
  }

  /** The next pictures that wait, all of one batch. */
  pending(limit: number, except: readonly string[]): StoredRow[] {
    const rows = this.#sql
      .exec<StoredRow>(
        `SELECT ${FACTS} FROM pictures WHERE status > 0 AND status = 1
         AND file NOT IN (SELECT value FROM json_each(?)) ORDER BY position LIMIT ?`,
        JSON.stringify(except),
        limit,
      )
      .toArray();
    return rows.filter(({ batch }) => batch === rows[0]?.batch);
  }

  pendingOf(batch: string): StoredRow[] {
    return this.#sql
      .exec<StoredRow>(`SELECT ${FACTS} FROM pictures WHERE batch = ? AND status = 1`, batch)
      .toArray();
  }

  byNumber(numbers: readonly number[]): StoredRow[] {
    return this.#sql
      .exec<StoredRow>(
        `SELECT ${FACTS} FROM pictures WHERE number IN (SELECT value FROM json_each(?))`,
        JSON.stringify(numbers),
      )
      .toArray();
  }

  /** Numbers of live rows from one to another, rising. */
  numbers(from: number, to: number, limit = Number.MAX_SAFE_INTEGER): Uint32Array {
    const rows = this.#sql.exec<{ number: number }>(
      "SELECT number FROM pictures WHERE number >= ? AND number <= ? ORDER BY number LIMIT ?",
      from,
      to,
      limit,
    );
    return Uint32Array.from(rows.toArray(), ({ number }) => number);
  }

  /** Live rows above a number, rising. */
  rowsAbove(number: number): OpenRow[] {
    const rows = this.#sql.exec<VectorRow>(
      "SELECT number, attributes, scale, ints FROM pictures WHERE number > ? ORDER BY number",
      number,
    );
    return Array.from(rows, openRow);
  }

  /** In the order of the numbers; undefined for one that is not live. */
  rows(numbers: readonly number[]): (OpenRow | undefined)[] {
    const rows = this.#sql.exec<VectorRow>(
      `SELECT number, attributes, scale, ints FROM pictures
       WHERE number IN (SELECT value FROM json_each(?))`,
      JSON.stringify(numbers),
    );
    const found = new Map(Array.from(rows, (row) => [row.number, openRow(row)]));
    return numbers.map((number) => found.get(number));
  }
}

function openRow({ number, attributes, scale, ints }: VectorRow): OpenRow {
  const row = { ints: new Int8Array(ints), scale };
  return { number, row, attributes: JSON.parse(attributes) as Attributes };
}

function blobOf({ buffer, byteOffset, byteLength }: Int8Array): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
