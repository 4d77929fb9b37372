/**
 * Two stores of wide vectors that do not fit into the search Worker's memory together: segments make way for others
 * while they are being scanned, no answer differs, and the memory stays below the limit.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SearchResult } from "../../functions/vector-stores/search-rpc.ts";
import { random as randomFrom, unitVector } from "../support/random.ts";
import { SearchService, type StoreName } from "./support/search-service.ts";

const MODEL = "demo@1";
const WIDTH = 1_536;
/** 43 MB; pages for 84 MB are there. */
const ROWS = 28_000;
const ADDED_AT_ONCE = 1_000;
/** An isolate has 128 MB. */
const LIMIT = 120_000_000;
/** Searches at once in a store, each with as many queries as may be, so that they take long. */
const SEARCHES = 4;
const QUERIES = 32;
/** In each, both stores are searched at once; segments make way in the first few. */
const ROUNDS = 10;

let service: SearchService;

beforeAll(async () => {
  service = await SearchService.start();
});

afterAll(async () => {
  await service.miniflare.dispose();
});

async function storeOf(seed: number): Promise<StoreName> {
  const store = { account: "a", id: `vs_${seed.toString(16).padStart(24, "0")}` };
  await service.ask("create", { ...store, model: MODEL, width: WIDTH });
  for (let from = 0; from < ROWS; from += ADDED_AT_ONCE) {
    await service.ask("fill", { ...store, width: WIDTH, from, count: ADDED_AT_ONCE, seed });
    await service.ask("compact", store);
  }
  return store;
}

async function search(store: StoreName, queries: number[][]): Promise<SearchResult> {
  const result = await service.search({
    ...store,
    model: MODEL,
    queries,
    filter: null,
    limit: 10,
    minScore: null,
  });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

it("finds the same while segments make way in the middle of a scan, below 120 MB", async () => {
  const [first, second] = [await storeOf(1), await storeOf(2)];
  const random = randomFrom(3);
  const queries = Array.from({ length: QUERIES }, () => [...unitVector(WIDTH, random)]);
  const calm = [await search(first, queries), await search(second, queries)];
  const over = new AbortController();
  let most = 0;
  const watch = (async () => {
    while (!over.signal.aborted) {
      const { heap, buffers, wasm } = await service.memory();
      most = Math.max(most, heap + buffers + wasm);
    }
  })();
  let madeWay = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await search(first, queries);
    expect((await search(first, queries)).reads).toBe(0);
    const answers = await Promise.all(
      Array.from({ length: SEARCHES }, () => [search(first, queries), search(second, queries)]).flat(),
    );
    for (const [i, { matches, scanned, reads }] of answers.entries()) {
      expect(matches).toEqual(calm[i % 2]?.matches);
      expect(scanned).toBe(ROWS);
      // All segments of the first store were there when its searches began.
      if (i % 2 === 0) madeWay += reads;
    }
  }
  over.abort();
  await watch;
  expect(madeWay).toBeGreaterThan(0);
  expect(most).toBeGreaterThan(80_000_000);
  expect(most).toBeLessThan(LIMIT);
}, 600_000);
