/** A store of synthetic vectors around 200 random directions, with two attributes, and timed searches of it. */
import type { Filter } from "../../../functions/vector-stores/filter.ts";
import type { SearchResult } from "../../../functions/vector-stores/search-rpc.ts";
import type { SearchService } from "../../search/support/search-service.ts";
import { childProcesses, processorTime } from "../support/processor-time.ts";

export const WIDTH = 640;
const SEED = 3;
const MODEL = "synthetic@1";
/** Pictures of a call. */
const ADDED = 1_000;
const LIMIT = 10;

export interface Question {
  queries: number;
  filter: Filter | null;
}

export const ONE_QUERY: Question = { queries: 1, filter: null };

export interface Timed extends SearchResult {
  ms: number;
}

let stores = 0;

export class BenchStore {
  readonly rows: number;
  readonly #service: SearchService;
  readonly #name = { account: "bench", id: `vs_${(++stores).toString(16).padStart(24, "0")}` };
  #directions: readonly number[][] = [];
  #asked = 0;

  private constructor(service: SearchService, rows: number) {
    this.#service = service;
    this.rows = rows;
  }

  static async filled(service: SearchService, rows: number): Promise<BenchStore> {
    const store = new BenchStore(service, rows);
    await service.ask("create", { ...store.#name, model: MODEL, width: WIDTH });
    for (let from = 0; from < rows; from += ADDED) {
      const count = Math.min(ADDED, rows - from);
      await service.ask("fill", { ...store.#name, width: WIDTH, from, count, seed: SEED });
      await service.ask("compact", store.#name);
    }
    store.#directions = await service.ask<number[][]>("directions", { width: WIDTH, seed: SEED });
    return store;
  }

  /** Searches for what is in one of the directions, another one each time. */
  async search({ queries, filter }: Question = ONE_QUERY): Promise<Timed> {
    const asked = Array.from(
      { length: queries },
      () => this.#directions[this.#asked++ % this.#directions.length] ?? [],
    );
    const before = performance.now();
    const result = await this.#service.search({
      ...this.#name,
      model: MODEL,
      queries: asked,
      filter,
      limit: LIMIT,
      minScore: null,
    });
    const ms = performance.now() - before;
    if (!result.ok) throw new Error(result.error.message);
    if (result.value.matches.length !== LIMIT) throw new Error("a search found too little");
    return { ...result.value, ms };
  }
}

/** Searches of one kind, one after the other. */
export interface Series {
  searches: Timed[];
  /** CPU time of workerd a search, milliseconds: Linux only, elsewhere 0. */
  cpuMs: number;
}

export async function series(count: number, search: (at: number) => Promise<Timed>): Promise<Series> {
  const processes = await childProcesses().catch(() => new Set<number>());
  const before = await processorTime(processes);
  const searches: Timed[] = [];
  for (let at = 0; at < count; at++) searches.push(await search(at));
  return { searches, cpuMs: ((await processorTime(processes)) - before) / count };
}
