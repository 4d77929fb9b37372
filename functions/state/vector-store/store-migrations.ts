/** The tables of a vector store; `account-migrations.ts` says what holds for migrations. */
import { GONE_ENTRIES } from "../gone-entries.ts";
import type { Migrations } from "../migrate.ts";

export const STORE_MIGRATIONS: Migrations = [
  [
    // One row, JSON: `StoreRecord`.
    "CREATE TABLE store (one INTEGER PRIMARY KEY CHECK (one = 1), record TEXT NOT NULL)",
    // `position`: in listings. `number`: of the row for searches; null for a picture that has no vector. `status`: an
    // index of `STATUSES`. `attributes`, `error`: JSON.
    `CREATE TABLE pictures (
      position INTEGER PRIMARY KEY,
      file TEXT NOT NULL UNIQUE,
      number INTEGER,
      status INTEGER NOT NULL,
      filename TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      attributes TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      batch TEXT,
      error TEXT,
      scale REAL,
      ints BLOB
    )`,
    "CREATE UNIQUE INDEX pictures_by_number ON pictures (number) WHERE number IS NOT NULL",
    "CREATE INDEX pictures_not_completed ON pictures (status, position) WHERE status > 0",
    "CREATE INDEX pictures_by_batch ON pictures (batch, position) WHERE batch IS NOT NULL",
    // A segment has all live rows from `first` to `last`; no two overlap. `dead`: a bit a row.
    `CREATE TABLE segments (
      first INTEGER PRIMARY KEY,
      last INTEGER NOT NULL,
      key TEXT NOT NULL,
      rows INTEGER NOT NULL,
      live INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      sha256 TEXT NOT NULL,
      dead BLOB NOT NULL
    )`,
    // Beside the segments, so that a death does not write them again: the numbers of a segment's rows, uint32.
    "CREATE TABLE segment_numbers (first INTEGER PRIMARY KEY, numbers BLOB NOT NULL)",
    // Objects in R2 that nobody needs. `since`: seconds since 1970.
    "CREATE TABLE garbage (key TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID",
    // `record`: JSON, `FileBatchRecord`.
    `CREATE TABLE batches (
      position INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      is_over INTEGER NOT NULL,
      record TEXT NOT NULL
    )`,
  ],
  [
    // Of `pictures`.
    GONE_ENTRIES,
  ],
  // 1: R2 has lost or changed the object.
  ["ALTER TABLE segments ADD COLUMN is_damaged INTEGER NOT NULL DEFAULT 0"],
];
