/** Names of an account's label sets. */
import type { Naming } from "../../label-sets/set-names-rpc.ts";

/** Names of an account. */
const MAX_NAMES = 10_000;
/** Values that SQLite takes with a statement here. */
const MAX_VALUES = 100;

export class SetNameTable {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  give(name: string, id: string, isComputed: boolean, revision?: string): Naming {
    return this.#storage.transactionSync(() => {
      const isKnown = this.setOf(name) !== undefined;
      if (!isKnown) {
        const { names } = this.#sql.exec<{ names: number }>("SELECT COUNT(*) AS names FROM set_names").one();
        if (names >= MAX_NAMES) return "full";
        this.#sql.exec(`INSERT INTO set_names (name, id, changed) VALUES (?, ?, ${NEXT_CHANGE})`, name, id);
      } else if (isComputed) {
        this.#sql.exec(
          `UPDATE set_names SET id = ?, next_id = NULL, next_revision = NULL, changed = ${NEXT_CHANGE} WHERE name = ?`,
          id,
          name,
        );
      } else {
        this.#sql.exec(
          "UPDATE set_names SET next_id = NULLIF(?, id), next_revision = ? WHERE name = ?",
          id,
          revision ?? null,
          name,
        );
      }
      return "named";
    });
  }

  setOf(name: string): string | undefined {
    const found = this.#sql.exec<{ id: string }>("SELECT id FROM set_names WHERE name = ?", name);
    return found.toArray()[0]?.id;
  }

  namesOf(ids: readonly string[]): Record<string, string> {
    const names: Record<string, string> = {};
    for (let first = 0; first < ids.length; first += MAX_VALUES) {
      const some = ids.slice(first, first + MAX_VALUES);
      const rows = this.#sql.exec<{ id: string; name: string }>(
        `SELECT id, name FROM set_names WHERE id IN (${some.map(() => "?").join(", ")}) ORDER BY changed`,
        ...some,
      );
      // The last one stays.
      for (const { id, name } of rows) names[id] = name;
    }
    return names;
  }

  computed(id: string, revision?: string, served?: readonly string[]): void {
    this.#storage.transactionSync(() => {
      const waiting = this.#sql.exec<{ name: string; next_revision: string | null }>(
        "SELECT name, next_revision FROM set_names WHERE next_id = ?",
        id,
      );
      for (const { name, next_revision: awaited } of waiting.toArray()) {
        const mayCome = revision !== undefined && served?.includes(awaited ?? "") !== false;
        if (awaited === null || awaited === revision || !mayCome) this.give(name, id, true);
      }
    });
  }

  removed(id: string): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec("UPDATE set_names SET next_id = NULL WHERE next_id = ?", id);
      // What waits for another set goes to it now.
      this.#sql.exec(
        "UPDATE set_names SET id = next_id, next_id = NULL WHERE id = ? AND next_id IS NOT NULL",
        id,
      );
      this.#sql.exec("DELETE FROM set_names WHERE id = ?", id);
    });
  }
}

const NEXT_CHANGE = "(SELECT COALESCE(MAX(changed), 0) + 1 FROM set_names)";
