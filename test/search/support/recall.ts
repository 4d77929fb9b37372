/** How many of the nearest by float vectors a search of a real store finds. */
import type { SearchService } from "./search-service.ts";

const NEAREST = 10;
/** Pictures that are added in a call. */
const ADDED = 1_000;
const MODEL = "demo@1";

let stores = 0;

/** A store of vectors; the picture `file-<i>` has the vector `rows[i]`. */
export class RecallStore {
  readonly #service: SearchService;
  readonly #rows: readonly Float32Array[];
  readonly #name = { account: "recall", id: `vs_${(++stores).toString(16).padStart(24, "f")}` };

  private constructor(service: SearchService, rows: readonly Float32Array[]) {
    this.#service = service;
    this.#rows = rows;
  }

  /** @param rows float32 of unit length */
  static async of(service: SearchService, rows: readonly Float32Array[]): Promise<RecallStore> {
    const store = new RecallStore(service, rows);
    await service.ask("create", { ...store.#name, model: MODEL, width: rows[0]?.length });
    const pictures = rows.map((vector, i) => ({ fileId: `file-${i}`, vector: [...vector], attributes: {} }));
    for (let from = 0; from < pictures.length; from += ADDED) {
      await service.ask("add", { ...store.#name, pictures: pictures.slice(from, from + ADDED) });
      await service.ask("compact", store.#name);
    }
    return store;
  }

  /**
   * The share of the ten nearest by exact cosines that are found among ten. One that is exactly as near as the tenth
   * counts as it.
   * @param queries float32 of unit length, none of which is a row
   * @returns one share a query
   */
  async recallOf(queries: readonly Float32Array[]): Promise<number[]> {
    const recalls: number[] = [];
    for (const query of queries) {
      const cosines = this.#rows.map((row) =>
        row.reduce((sum, value, i) => sum + value * (query[i] ?? 0), 0),
      );
      const tenth = cosines.toSorted((a, b) => b - a)[NEAREST - 1] ?? -1;
      const options = { filter: null, limit: NEAREST, minScore: null };
      const result = await this.#service.search({
        ...this.#name,
        model: MODEL,
        queries: [[...query]],
        ...options,
      });
      if (!result.ok) throw new Error(result.error.message);
      const ids = new Set(result.value.matches.map(({ picture }) => Number(picture.fileId.slice(5))));
      recalls.push([...ids].filter((row) => (cosines[row] ?? -1) >= tenth).length / NEAREST);
    }
    return recalls;
  }
}
