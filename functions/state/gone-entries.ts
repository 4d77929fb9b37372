/**
 * Where entries of a list stood that were deleted not long ago: who deletes a list's entries while reading it page by page
 * asks for the page after one that is gone. So no new entry gets the place of one that is remembered: it would be on no
 * page after it.
 */

/** More than a page has, so that several readers may do so at once. */
const MAX_GONE = 1_000;

/** In an object's migrations. `number`: the order of the deletions. */
export const GONE_ENTRIES =
  "CREATE TABLE gone_entries (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, position INTEGER NOT NULL)";

export class GoneEntries {
  readonly #sql: SqlStorage;
  /** Highest position of those that are or, since the object started, were remembered; undefined until asked for. */
  #highest: number | undefined;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  note(id: string, position: number): void {
    if (this.#highest !== undefined) this.#highest = Math.max(this.#highest, position);
    this.#sql.exec("INSERT OR REPLACE INTO gone_entries (id, position) VALUES (?, ?)", id, position);
    this.#sql.exec(
      "DELETE FROM gone_entries WHERE number <= (SELECT MAX(number) FROM gone_entries) - ?",
      MAX_GONE,
    );
  }

  /** For a new entry. @param highest position of the entries that there are; null if there are none */
  next(highest: number | null): number {
    this.#highest ??=
      this.#sql.exec<{ highest: number | null }>("SELECT MAX(position) AS highest FROM gone_entries").one()
        .highest ?? 0;
    return Math.max(highest ?? 0, this.#highest) + 1;
  }

  /** @returns undefined for one that was never there, or is gone too long */
  positionOf(id: string): number | undefined {
    return this.#sql
      .exec<{ position: number }>("SELECT position FROM gone_entries WHERE id = ?", id)
      .toArray()[0]?.position;
  }
}
