/** An account's vector stores, in the order in which they were made. What is known of each is in an object of its own. */
import type { StorePage, StoreQuery } from "../../vector-stores/account-stores-rpc.ts";
import { GoneEntries } from "../gone-entries.ts";
import { pageRange } from "../page-range.ts";

export class StoreList {
  readonly #sql: SqlStorage;
  readonly #gone: GoneEntries;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#gone = new GoneEntries(storage);
  }

  add(id: string, most: number): boolean {
    if (this.#positionOf(id) !== undefined) return true;
    const { stores, last } = this.#sql
      .exec<{ stores: number; last: number | null }>(
        "SELECT COUNT(*) AS stores, MAX(position) AS last FROM vector_stores",
      )
      .one();
    if (stores >= most) return false;
    this.#sql.exec("INSERT INTO vector_stores (position, id) VALUES (?, ?)", this.#gone.next(last), id);
    return true;
  }

  list({ after, before, limit, order }: StoreQuery): StorePage {
    const [from, to] = [after, before].map((id) => (id === null ? undefined : this.#placeOf(id)));
    if (after !== null && from === undefined) return { ids: [], hasMore: false, unknown: "after" };
    if (before !== null && to === undefined) return { ids: [], hasMore: false, unknown: "before" };
    const range = pageRange({ after: from, before: to, limit, order });
    const rows = this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM vector_stores WHERE position > ? AND position < ?
         ORDER BY position ${range.direction} LIMIT ?`,
        range.above,
        range.below,
        range.limit,
      )
      .toArray();
    const { page, hasMore } = range.pageOf(rows);
    return { ids: page.map(({ id }) => id), hasMore };
  }

  forget(id: string): void {
    const position = this.#positionOf(id);
    if (position !== undefined) this.#gone.note(id, position);
    this.#sql.exec("DELETE FROM vector_stores WHERE id = ?", id);
  }

  #placeOf(id: string): number | undefined {
    return this.#positionOf(id) ?? this.#gone.positionOf(id);
  }

  #positionOf(id: string): number | undefined {
    return this.#sql
      .exec<{ position: number }>("SELECT position FROM vector_stores WHERE id = ?", id)
      .toArray()[0]?.position;
  }
}
