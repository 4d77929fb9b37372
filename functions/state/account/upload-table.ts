/** Uploads of an account that are under way, or that R2 may still have something of. */
import type { Begun, Due, NewUpload } from "../../files/account-files-rpc.ts";
import type { Totals } from "./file-tables.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

/** Uploads of an account at once. */
const MAX_UPLOADS = 100;
/** Files of an account: an object's storage is 10 GB, and a file's row takes a few hundred bytes. */
const MAX_FILES = 1_000_000;
/** Seconds of silence after which an upload is taken for dead. Living ones give signs every two minutes. */
const DEAD_AFTER = 900;
/** Seconds within which a request that gives its upload up clears it; until then R2 may still work on it. */
const CLEARED_AFTER = 300;

const LAST_SIGN = "COALESCE(touched_at, begun_at)";

interface UploadRow extends Record<string, SqlStorageValue> {
  blob: string;
  key: string;
  upload_id: string | null;
  file: string | null;
}

export class UploadTable {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  begin({ blob, key, uploadId, bytes, maxBytes }: NewUpload, totals: Totals): Begun {
    const open = this.#sql
      .exec<{ count: number; bytes: number }>(
        `SELECT COUNT(*) AS count, COALESCE(SUM(bytes), 0) AS bytes FROM uploads
         WHERE abandoned IS NULL AND ${LAST_SIGN} > ?`,
        unixSeconds() - DEAD_AFTER,
      )
      .one();
    if (totals.bytes + bytes > maxBytes || totals.files >= MAX_FILES) return "full";
    const isCrowded =
      open.count >= MAX_UPLOADS ||
      totals.bytes + open.bytes + bytes > maxBytes ||
      totals.files + open.count >= MAX_FILES;
    if (isCrowded) return "busy";
    if (totals.is_marked === 0) return "unmarked";
    this.#sql.exec(
      "INSERT INTO uploads (blob, key, upload_id, bytes, begun_at) VALUES (?, ?, ?, ?, ?)",
      blob,
      key,
      uploadId,
      bytes,
      unixSeconds(),
    );
    return "begun";
  }

  touch(blob: string): boolean {
    const touched = this.#sql.exec(
      "UPDATE uploads SET touched_at = ? WHERE blob = ? AND abandoned IS NULL RETURNING 1",
      unixSeconds(),
      blob,
    );
    return touched.toArray().length > 0;
  }

  /** One of which a file may still be made. */
  open(blob: string): UploadRow | undefined {
    const found = this.#sql.exec<UploadRow>(
      "SELECT * FROM uploads WHERE blob = ? AND abandoned IS NULL",
      blob,
    );
    return found.toArray()[0];
  }

  /** A file was made, of other bytes than those of the upload. */
  close(blob: string, file: string): void {
    this.#sql.exec("UPDATE uploads SET abandoned = ?, file = ? WHERE blob = ?", unixSeconds(), file, blob);
  }

  /** @returns what was known of it; undefined for one that was never begun, or is over */
  abandon(blob: string): UploadRow | undefined {
    this.#sql.exec(
      "UPDATE uploads SET abandoned = COALESCE(abandoned, ?) WHERE blob = ?",
      unixSeconds(),
      blob,
    );
    return this.#sql.exec<UploadRow>("SELECT * FROM uploads WHERE blob = ?", blob).toArray()[0];
  }

  end(blob: string): void {
    this.#sql.exec("DELETE FROM uploads WHERE blob = ?", blob);
  }

  due(limit: number): Due["uploads"] {
    const now = unixSeconds();
    this.#sql.exec(
      `UPDATE uploads SET abandoned = ? WHERE abandoned IS NULL AND ${LAST_SIGN} < ?`,
      now - CLEARED_AFTER,
      now - DEAD_AFTER,
    );
    const rows = this.#sql.exec<UploadRow>(
      "SELECT * FROM uploads WHERE abandoned <= ? LIMIT ?",
      now - CLEARED_AFTER,
      limit,
    );
    return rows.toArray().map(({ blob, upload_id }) => ({ blob, uploadId: upload_id }));
  }
}
