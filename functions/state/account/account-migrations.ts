/**
 * The tables of an account. A migration that was released is never changed, and none takes anything away that the code
 * of the release before needs.
 */
import { GONE_ENTRIES } from "../gone-entries.ts";
import type { Migrations } from "../migrate.ts";

export const ACCOUNT_MIGRATIONS: Migrations = [
  [
    // `live`: files that are not being removed. `next_number`: of the next file with these bytes.
    `CREATE TABLE blobs (
      blob TEXT PRIMARY KEY,
      sha256 TEXT NOT NULL,
      key TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      next_number INTEGER NOT NULL,
      live INTEGER NOT NULL
    ) WITHOUT ROWID`,
    "CREATE INDEX blobs_by_sha256 ON blobs (sha256)",
    // `position`: in the listing. `removing`: seconds since 1970 when that began.
    `CREATE TABLE files (
      position INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      blob TEXT NOT NULL,
      number INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      filename TEXT NOT NULL,
      purpose TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      removing INTEGER
    )`,
    "CREATE INDEX files_by_purpose ON files (purpose, position)",
    "CREATE INDEX files_by_blob ON files (blob)",
    // One row: bytes and number of all blobs and files, and the next file's position.
    `CREATE TABLE totals (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      bytes INTEGER NOT NULL,
      files INTEGER NOT NULL,
      next_position INTEGER NOT NULL
    )`,
    "INSERT INTO totals VALUES (1, 0, 0, 1)",
  ],
  [
    // Uploads under way. `abandoned`: seconds since 1970 since when no file will be made of it. `file`: what was made.
    `CREATE TABLE uploads (
      blob TEXT PRIMARY KEY,
      key TEXT NOT NULL,
      upload_id TEXT,
      bytes INTEGER NOT NULL,
      begun_at INTEGER NOT NULL,
      abandoned INTEGER,
      file TEXT
    ) WITHOUT ROWID`,
    // For the sweep: few files are in these.
    "CREATE INDEX files_by_expiry ON files (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE INDEX files_removing ON files (removing) WHERE removing IS NOT NULL",
  ],
  [
    // Names of label sets. `next_id`: the set that the name goes to once it is computed. `changed`: counts the changes.
    `CREATE TABLE set_names (
      name TEXT PRIMARY KEY,
      id TEXT NOT NULL,
      next_id TEXT,
      changed INTEGER NOT NULL
    ) WITHOUT ROWID`,
    "CREATE INDEX set_names_by_id ON set_names (id, changed)",
    "CREATE INDEX set_names_by_next_id ON set_names (next_id) WHERE next_id IS NOT NULL",
  ],
  [
    // Seconds since 1970, of the last sign of life after `begun_at`.
    "ALTER TABLE uploads ADD COLUMN touched_at INTEGER",
    // For removals of a blob's files together.
    "CREATE INDEX files_removing_by_blob ON files (blob, number) WHERE removing IS NOT NULL",
    // Whether R2 has the account's marker.
    "ALTER TABLE totals ADD COLUMN is_marked INTEGER NOT NULL DEFAULT 0",
  ],
  [
    // `position`: the order in which they were made.
    `CREATE TABLE batches (
      position INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL,
      is_over INTEGER NOT NULL
    )`,
    "CREATE INDEX batches_open ON batches (position) WHERE is_over = 0",
    "CREATE INDEX batches_by_age ON batches (created_at)",
  ],
  [
    // Of the model that `next_id` is being computed for; null if it was given without one.
    "ALTER TABLE set_names ADD COLUMN next_revision TEXT",
  ],
  [
    // Whether somebody works on it, and bytes of its answers until they are in its files.
    "ALTER TABLE batches ADD COLUMN has_begun INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE batches ADD COLUMN answer_bytes INTEGER NOT NULL DEFAULT 0",
  ],
  [
    // `position`: the order in which they were made.
    "CREATE TABLE vector_stores (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
  ],
  [
    // Of `vector_stores`.
    GONE_ENTRIES,
  ],
  [
    // `until`: milliseconds since 1970.
    "CREATE TABLE filling_stores (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID",
  ],
  [
    // Label sets that are computed in the background. `position`: in line. `message`: of one in line, and of one whose turn
    // it is until it comes from the queue. `until`: of its turn. `given_to`: the call whose answer has the message.
    // Milliseconds since 1970.
    `CREATE TABLE set_builds (
      id TEXT NOT NULL,
      model TEXT NOT NULL,
      position INTEGER NOT NULL,
      message TEXT,
      until INTEGER,
      given_to TEXT,
      seen_at INTEGER NOT NULL,
      PRIMARY KEY (id, model)
    ) WITHOUT ROWID`,
  ],
  [
    // Until then the queue has the set's message, which from now on is kept also while the set has its turn. Milliseconds
    // since 1970.
    "ALTER TABLE set_builds ADD COLUMN away_until INTEGER",
  ],
];
