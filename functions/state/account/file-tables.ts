/**
 * The files of an account, and the blobs that hold their bytes. Files with the same bytes have one blob; a blob whose
 * last file is being removed gets no new ones, so that removing its bytes takes nothing from anybody.
 */
import {
  type FileContent,
  type FileObject,
  type FilePage,
  type FilePurpose,
  type FileQuery,
  MAX_FILES_LISTED,
  type Removal,
} from "../../files/account-files-rpc.ts";
import { MAX_NUMBERS } from "../../files/blob-store.ts";
import { makeFileId, parseFileId } from "../../files/file-id.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

/** Seconds that whoever removes a file has for it, before the sweep takes over. */
const REMOVED_AFTER = 60;
/** Numbers of a removal. */
const MAX_REMOVED = 1_000;

export interface Totals extends Record<string, SqlStorageValue> {
  /** Bytes of all blobs: what R2 stores. */
  bytes: number;
  files: number;
  next_position: number;
  /** 1 if R2 has the account's marker. */
  is_marked: number;
}

/** Where a file's bytes are, and its number among those that have them. */
export interface Place extends Record<string, SqlStorageValue> {
  blob: string;
  key: string;
  number: number;
}

/** A file that is about to be one. */
export interface NewFile {
  place: Place;
  position: number;
  object: FileObject;
}

interface FileRow extends Record<string, SqlStorageValue> {
  position: number;
  id: string;
  blob: string;
  number: number;
  bytes: number;
  filename: string;
  purpose: string;
  created_at: number;
  expires_at: number | null;
}

interface RemovableRow extends FileRow {
  removing: number | null;
}

export class FileTables {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  totals(): Totals {
    return this.#sql.exec<Totals>("SELECT bytes, files, next_position, is_marked FROM totals").one();
  }

  mark(): void {
    this.#sql.exec("UPDATE totals SET is_marked = 1");
  }

  /** Where a new file with these bytes would be; undefined if the account does not have them. */
  blobOf(sha256: string): Place | undefined {
    const found = this.#sql.exec<Place>(
      `SELECT blob, key, next_number AS number FROM blobs
       WHERE sha256 = ? AND live > 0 AND next_number < ? LIMIT 1`,
      sha256,
      MAX_NUMBERS,
    );
    return found.toArray()[0];
  }

  /** Changes nothing yet. */
  async newFile(place: Place, content: FileContent): Promise<NewFile> {
    const { bytes, filename, purpose, expiresAfter } = content;
    const created_at = unixSeconds();
    const expiresAt = expiresAfter === null ? null : created_at + expiresAfter;
    const { next_position: position } = this.totals();
    const { blob, number, key } = place;
    const id = await makeFileId({ blob, number, expiresAt, position }, key);
    const row = { position, id, blob, number, bytes, filename, purpose, created_at, expires_at: expiresAt };
    return { place, position, object: describe(row) };
  }

  /** Within a transaction. */
  insert({ place, position, object }: NewFile, sha256: string): void {
    const { blob, key, number } = place;
    const { id, bytes, filename, purpose, created_at, expires_at = null } = object;
    const isNew = number === 0;
    if (isNew) {
      this.#sql.exec(INSERT_BLOB, blob, sha256, key, bytes);
    } else {
      this.#sql.exec("UPDATE blobs SET next_number = ?, live = live + 1 WHERE blob = ?", number + 1, blob);
    }
    this.#sql.exec(INSERT_FILE, position, id, blob, number, bytes, filename, purpose, created_at, expires_at);
    this.#sql.exec(
      "UPDATE totals SET bytes = bytes + ?, files = files + 1, next_position = ?",
      isNew ? bytes : 0,
      position + 1,
    );
  }

  get(id: string): FileObject | undefined {
    const [row] = this.#sql
      .exec<FileRow>(`SELECT * FROM files WHERE id = ? AND ${SHOWN}`, id, unixSeconds())
      .toArray();
    return row && describe(row);
  }

  /** A page ends at `MAX_FILES_LISTED`, whatever the limit is. */
  list({ after, limit, order, purpose }: FileQuery): FilePage {
    const most = Math.min(limit, MAX_FILES_LISTED);
    const from = after === null ? undefined : parseFileId(after)?.position;
    const isAscending = order === "asc";
    const conditions = [SHOWN];
    const values: SqlStorageValue[] = [unixSeconds()];
    if (from !== undefined) {
      conditions.push(`position ${isAscending ? ">" : "<"} ?`);
      values.push(from);
    }
    if (purpose !== null) {
      conditions.push("purpose = ?");
      values.push(purpose);
    }
    const rows = this.#sql
      .exec<FileRow>(
        `SELECT * FROM files WHERE ${conditions.join(" AND ")}
         ORDER BY position ${isAscending ? "ASC" : "DESC"} LIMIT ?`,
        ...values,
        most + 1,
      )
      .toArray();
    return { files: rows.slice(0, most).map((row) => describe(row)), hasMore: rows.length > most };
  }

  /** The id of the file that was made with a blob; null if there is none any more. */
  firstOf(blob: string): string | null {
    const found = this.#sql.exec<{ id: string }>("SELECT id FROM files WHERE blob = ? AND number = 0", blob);
    return found.toArray()[0]?.id ?? null;
  }

  hasBlob(blob: string): boolean {
    return this.#sql.exec("SELECT 1 FROM blobs WHERE blob = ?", blob).toArray().length > 0;
  }

  /**
   * Begins a removal, or says again what one that was begun needs: the file's own number first, and those of other files
   * of its blob that are being removed.
   */
  remove(id: string): Removal | undefined {
    return this.#storage.transactionSync(() => {
      const [file] = this.#sql.exec<RemovableRow>("SELECT * FROM files WHERE id = ?", id).toArray();
      if (file === undefined) return undefined;
      this.#begin(file);
      const { blob, number } = file;
      const numbers = this.#sql
        .exec<{ number: number }>(
          `SELECT number FROM files WHERE blob = ? AND removing IS NOT NULL
           ORDER BY number <> ?, number LIMIT ${MAX_REMOVED}`,
          blob,
          number,
        )
        .toArray();
      return this.#removal(
        blob,
        numbers.map((row) => row.number),
      );
    });
  }

  removed(removals: readonly Removal[]): void {
    this.#storage.transactionSync(() => {
      for (const removal of removals) this.#removed(removal);
    });
  }

  /** Files that have expired, and removals that nobody has finished; of each blob together. */
  due(limit: number): { removals: Removal[]; hasMore: boolean } {
    const now = unixSeconds();
    return this.#storage.transactionSync(() => {
      const files = this.#sql
        .exec<RemovableRow>(
          `SELECT * FROM files WHERE removing <= ?
           UNION ALL SELECT * FROM files WHERE removing IS NULL AND expires_at <= ? LIMIT ?`,
          now - REMOVED_AFTER,
          now,
          limit,
        )
        .toArray();
      for (const file of files) this.#begin(file);
      const ofBlobs = Map.groupBy(files, ({ blob }) => blob);
      const removals = [...ofBlobs].map(([blob, its]) =>
        this.#removal(
          blob,
          its.map(({ number }) => number),
        ),
      );
      return { removals, hasMore: files.length === limit };
    });
  }

  #removed({ blob, numbers, isLast }: Removal): void {
    const gone = this.#sql
      .exec(
        `DELETE FROM files WHERE blob = ? AND removing IS NOT NULL
         AND (? OR number IN (SELECT value FROM json_each(?))) RETURNING 1`,
        blob,
        isLast ? 1 : 0,
        JSON.stringify(numbers),
      )
      .toArray().length;
    const freed = this.#sql
      .exec<{ bytes: number }>(
        "DELETE FROM blobs WHERE blob = ? AND NOT EXISTS (SELECT 1 FROM files WHERE blob = ?) RETURNING bytes",
        blob,
        blob,
      )
      .toArray();
    this.#sql.exec("UPDATE totals SET bytes = bytes - ?, files = files - ?", freed[0]?.bytes ?? 0, gone);
  }

  #begin({ id, blob, removing }: RemovableRow): void {
    if (removing !== null) return;
    this.#sql.exec("UPDATE files SET removing = ? WHERE id = ?", unixSeconds(), id);
    this.#sql.exec("UPDATE blobs SET live = live - 1 WHERE blob = ?", blob);
  }

  #removal(blob: string, numbers: number[]): Removal {
    const { live } = this.#sql.exec<{ live: number }>("SELECT live FROM blobs WHERE blob = ?", blob).one();
    return { blob, numbers, isLast: live === 0 };
  }
}

// Columns by name: the tables may be newer than this code, and have more.
const INSERT_BLOB =
  "INSERT INTO blobs (blob, sha256, key, bytes, next_number, live) VALUES (?, ?, ?, ?, 1, 1)";
const INSERT_FILE = `INSERT INTO files
  (position, id, blob, number, bytes, filename, purpose, created_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const SHOWN = "removing IS NULL AND (expires_at IS NULL OR expires_at > ?)";

function describe({ id, bytes, created_at, expires_at, filename, purpose }: FileRow): FileObject {
  return {
    id,
    object: "file",
    bytes,
    created_at,
    ...(expires_at === null ? {} : { expires_at }),
    filename,
    purpose: purpose as FilePurpose,
    status: "processed",
  };
}
