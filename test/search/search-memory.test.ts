/** Memory of the search Worker while many searches come at once that know nothing of their stores. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { MAX_OPEN_ROWS } from "../../functions/vector-stores/store-limits.ts";
import { SearchService, type StoreName } from "./support/search-service.ts";

const MODEL = "demo@1";
const WIDTH = 640;
const STORES = 4;
let service: SearchService;

beforeAll(async () => {
  service = await SearchService.start();
});

afterAll(async () => {
  await service.miniflare.dispose();
});

/** With as many open rows as there may be, each with attributes of about 1 KB. */
async function fullStore(index: number): Promise<StoreName> {
  const store = { account: "a", id: `vs_${index.toString(16).padStart(24, "0")}` };
  await service.ask("create", { ...store, model: MODEL, width: WIDTH });
  for (let from = 0; from < MAX_OPEN_ROWS; from += 512) {
    await service.ask("fill", { ...store, width: WIDTH, from, count: 512, seed: index, letters: 450 });
  }
  return store;
}

it("32 cold searches of full open segments take less than 36 MB, beside the pages of segments", async () => {
  const stores: StoreName[] = [];
  for (let index = 1; index <= STORES; index++) stores.push(await fullStore(index));
  const query = Array.from({ length: WIDTH }, () => 1 / Math.sqrt(WIDTH));
  const over = new AbortController();
  let most = 0;
  const watch = (async () => {
    while (!over.signal.aborted) {
      const { heap, buffers, wasm } = await service.memory();
      most = Math.max(most, heap + buffers + wasm);
    }
  })();
  const results = await Promise.all(
    Array.from({ length: 32 }, (_, i) =>
      service.search({
        ...stores[i % STORES]!,
        model: MODEL,
        queries: i < 16 ? [query] : [query, query],
        filter: null,
        limit: 10,
        minScore: null,
      }),
    ),
  );
  over.abort();
  await watch;
  expect(results.every((result) => result.ok && result.value.scanned === MAX_OPEN_ROWS)).toBe(true);
  // Segments have up to 84 MB beside it, and an isolate 120 MB.
  expect(most).toBeLessThan(36_000_000);
}, 120_000);
