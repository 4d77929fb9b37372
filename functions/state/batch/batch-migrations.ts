/** The tables of a batch; `account-migrations.ts` says what holds for migrations. */
import type { Migrations } from "../migrate.ts";

export const BATCH_MIGRATIONS: Migrations = [
  [
    // One row. `made`: what the batch was made with (`NewBatch`); `record`: how far it is. Both JSON.
    `CREATE TABLE batch (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      made TEXT NOT NULL,
      record TEXT NOT NULL
    )`,
    // `custom_ids`, `open_lines`: JSON; null once they are not needed, and while no line is answered. Times are
    // milliseconds since 1970.
    `CREATE TABLE parts (
      number INTEGER PRIMARY KEY,
      offset INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      lines INTEGER NOT NULL,
      custom_ids TEXT,
      open_lines TEXT,
      done INTEGER NOT NULL,
      tries INTEGER NOT NULL,
      token TEXT,
      message TEXT,
      attempt INTEGER,
      lent_until INTEGER NOT NULL,
      not_before INTEGER NOT NULL
    )`,
    "CREATE INDEX open_parts ON parts (number) WHERE done = 0",
    `CREATE TABLE answers (
      part INTEGER NOT NULL,
      token TEXT NOT NULL,
      output_bytes INTEGER NOT NULL,
      error_bytes INTEGER NOT NULL,
      PRIMARY KEY (part, token)
    ) WITHOUT ROWID`,
  ],
  [
    // `failures`: tries on which the service failed, one after the other; `failed_at`: the first of them. `given_up`: 1 for
    // a line that failed alone. `is_cut`: 1 for the second half of another part.
    "ALTER TABLE parts ADD COLUMN failures INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE parts ADD COLUMN failed_at INTEGER",
    "ALTER TABLE parts ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE parts ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX given_up_parts ON parts (number) WHERE given_up = 1",
    "CREATE INDEX cut_parts ON parts (number) WHERE is_cut = 1",
  ],
];
