/**
 * Where entries of a list stood that were deleted not long ago: who deletes a list's entries while reading it page by page
 * asks for the page after one that is gone.
 */

/** More than a page has, so that several readers may do so at once. */
const MOST = 1_000;

/** In an object's migrations. `number`: the order of the deletions. */
export const GONE_ENTRIES =
  "CREATE TABLE gone_entries (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, position INTEGER NOT NULL)";

export class GoneEntries {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  note(id: string, position: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO gone_entries (id, position) VALUES (?, ?)", id, position);
    this.#sql.exec(
      "DELETE FROM gone_entries WHERE number <= (SELECT MAX(number) FROM gone_entries) - ?",
      MOST,
    );
  }

  /** @returns undefined for one that was never there, or is gone too long */
  positionOf(id: string): number | undefined {
    return this.#sql
      .exec<{ position: number }>("SELECT position FROM gone_entries WHERE id = ?", id)
      .toArray()[0]?.position;
  }
}
