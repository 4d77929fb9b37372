/**
 * Brings the tables of an object up to date, when it starts. Objects are as old as their accounts, so any earlier version
 * may be met. One that is newer than this code is left as it is: releases go back, and migrations only ever add.
 */
import { unixSeconds } from "../runtime/unix-seconds.ts";

/** Statements that lead from one version to the next; the first leads to version 1. */
export type Migrations = readonly (readonly string[])[];

/** @returns the version of the tables now */
export function migrate(storage: DurableObjectStorage, migrations: Migrations): number {
  const { sql } = storage;
  return storage.transactionSync(() => {
    sql.exec(
      "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)",
    );
    const applied = sql.exec<{ version: number }>(
      "SELECT COALESCE(MAX(version), 0) AS version FROM migrations",
    );
    let { version } = applied.one();
    for (const statements of migrations.slice(version)) {
      for (const statement of statements) sql.exec(statement);
      version++;
      sql.exec("INSERT INTO migrations VALUES (?, ?)", version, unixSeconds());
    }
    return version;
  });
}
