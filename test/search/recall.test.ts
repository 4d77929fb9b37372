/** Rows in int8 and queries in int16 find what float vectors find, for real vectors of the demonstration model. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import evaluation from "../fixtures/eval/eval.json" with { type: "json" };
import { embed } from "../support/embed.ts";
import { startWorkers } from "../support/workers.ts";
import { RecallStore } from "./support/recall.ts";
import { SearchService } from "./support/search-service.ts";

const LEAST = 0.99;
/** Queries of each kind. The other pictures are in the store. */
const QUERIES = 40;
/** More are refused in one request. */
const PICTURES_PER_REQUEST = 16;

let service: SearchService;
let pictures: Float32Array[];
let texts: Float32Array[];
let store: RecallStore;

beforeAll(async () => {
  const files = evaluation.items.map(({ file }) => join(import.meta.dirname, "../fixtures/eval", file));
  const images = await Promise.all(
    files.map(async (file) => ({ image: (await readFile(file)).toString("base64") })),
  );
  const labels = [...new Set(evaluation.items.map(({ label }) => `a picture of ${label}`))].slice(0, QUERIES);
  const workers = await startWorkers();
  try {
    pictures = await embed(workers.url, images, PICTURES_PER_REQUEST);
    texts = await embed(workers.url, labels, labels.length);
  } finally {
    await workers.dispose();
  }
  service = await SearchService.start();
  store = await RecallStore.of(service, pictures.slice(QUERIES));
}, 120_000);

afterAll(async () => {
  await service.miniflare.dispose();
});

it.each([
  ["pictures", () => pictures.slice(0, QUERIES)],
  ["texts", () => texts],
])(
  "finds at least 99 % of the ten nearest pictures, asked with %s",
  { timeout: 60_000 },
  async (_, queries) => {
    const recalls = await store.recallOf(queries());
    expect(recalls.length).toBeGreaterThanOrEqual(30);
    expect(recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length).toBeGreaterThanOrEqual(LEAST);
  },
);
