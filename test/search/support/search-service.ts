/**
 * The real search and state Workers over local R2, and a Worker in front of them that fills stores as gateway and jobs
 * Worker do: pictures are added to the store's object, segments are written when it lends the work.
 */
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { SEARCH_CONFIG, STATE_CONFIG } from "../../../scripts/worker-configs.ts";
import type { Filter } from "../../../functions/vector-stores/filter.ts";
import type { SearchResult } from "../../../functions/vector-stores/search-rpc.ts";
import type { Attributes } from "../../../functions/vector-stores/stored-picture.ts";
import type { RpcResult } from "../../../functions/runtime/rpc.ts";
import { isolateMemory } from "../../support/memory/isolate-memory.ts";
import { limitHeaps } from "../../support/memory/isolate-heap.ts";
import { workerOptions } from "../../support/workers.ts";

const FUNCTIONS = join(import.meta.dirname, "../../../functions");
const SEARCH = "edgeclip-search";
const STATE = "edgeclip-state";

const SCRIPT = `
import { random as randomFrom } from "../test/support/random.ts";
import { quantizeRow } from "./vector-stores/quantize-row.ts";
import { SegmentWriter } from "./vector-stores/segment-writer.ts";

const NAMES = { name: null, description: null, metadata: {}, expiresAfterDays: null };

function normalized(vector) {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / norm);
}
function around(center, spread, random) {
  return normalized(center.map((value) => value + spread * (random() + random() + random() - 1.5)));
}

/** Directions that vectors lie around, as those of pictures of one kind do. */
function directionsOf(width, seed) {
  const centers = randomFrom(seed);
  return Array.from({ length: 200 }, () =>
    normalized(Float32Array.from({ length: width }, () => centers() - 0.5)));
}

const operations = {
  create: async (store, { account, id, model, width }) => {
    await store.create(account, id, { ...NAMES, model, width });
  },
  add: (store, { pictures }) =>
    store.add(
      pictures.map(({ fileId, vector, attributes }) => ({
        fileId, filename: fileId, bytes: 0, attributes, row: quantizeRow(Float32Array.from(vector)),
      })),
      100_000,
    ),
  /** Pictures around random centers, as many as are wanted. */
  fill: async (store, { width, from, count, seed, letters = 0 }) => {
    const directions = directionsOf(width, seed);
    const random = randomFrom(seed + from + 1);
    const pictures = Array.from({ length: count }, (_, i) => ({
      fileId: "file-" + (from + i), filename: "p" + (from + i), bytes: 0,
      attributes: { year: 2000 + ((from + i) % 26), album: "album " + ((from + i) % 1000),
        ...(letters > 0 && { text: "x".repeat(letters) + (from + i), more: "y".repeat(letters) + (from + i) }) },
      row: quantizeRow(around(directions[(from + i) % 200], 1.6 / Math.sqrt(width), random)),
    }));
    return await store.add(pictures, 100_000);
  },
  directions: (_, { width, seed }) => directionsOf(width, seed).map((direction) => [...direction]),
  remove: (store, { fileId }) => store.removePicture(fileId),
  attributes: (store, { fileId, attributes }) => store.setAttributes(fileId, attributes),
  compact: async (store, _, env) => {
    for (let made = 0; ; made++) {
      const work = await store.take({ message: crypto.randomUUID(), attempt: 1 });
      if (work.kind !== "compact") return { made, kind: work.kind };
      const { key, numbers, width } = work.compaction;
      const writer = new SegmentWriter(numbers.length, width);
      for (let at = 0; at < numbers.length; at += 1_024) {
        for (const row of await store.rows(numbers.slice(at, at + 1_024))) writer.add(row);
      }
      const { bytes, sha256 } = await writer.finish();
      await env.VECTORS.put(key, bytes);
      await store.compacted(work.token, { key, rows: numbers.length, bytes: bytes.length, sha256 }, numbers);
    }
  },
  segments: async (store) => (await store.view(null)).segments.map(({ key, rows, bytes }) => ({ key, rows, bytes })),
  /** Changes a byte of an object, or removes it. */
  damage: async (_, { key, at }, env) => {
    if (at === undefined) return await env.VECTORS.delete(key);
    const bytes = new Uint8Array(await (await env.VECTORS.get(key)).arrayBuffer());
    bytes[at] ^= 1;
    await env.VECTORS.put(key, bytes);
  },
  search: (_, { account, id, model, queries, filter, limit, minScore }, env) =>
    env.SEARCH.search(
      { account, store: id, model, queries: queries.map((query) => Float32Array.from(query)), filter, limit, minScore },
      "test",
    ),
  stats: (_, __, env) => env.SEARCH.stats(),
};

export default {
  async fetch(request, env) {
    const { operation, ...parameters } = await request.json();
    const { account = "a", id = "none" } = parameters;
    const store = env.VECTOR_STORES.getByName(account + "/" + id);
    const begun = Date.now();
    const value = await operations[operation](store, parameters, env);
    return Response.json({ value: value ?? null, ms: Date.now() - begun });
  },
};`;

export interface Picture {
  fileId: string;
  vector: number[];
  attributes: Attributes;
}

export interface StoreName {
  account: string;
  id: string;
}

export interface SearchParameters extends StoreName {
  model: string;
  queries: number[][];
  filter: Filter | null;
  limit: number;
  minScore: number | null;
}

export class SearchService {
  readonly miniflare: Miniflare;
  readonly #url: URL;

  private constructor(miniflare: Miniflare, url: URL) {
    this.miniflare = miniflare;
    this.#url = url;
  }

  static async start(): Promise<SearchService> {
    const [search, state] = await Promise.all([workerOptions(SEARCH_CONFIG), workerOptions(STATE_CONFIG)]);
    const { outputFiles } = await build({
      stdin: { contents: SCRIPT, resolveDir: FUNCTIONS },
      bundle: true,
      write: false,
      format: "esm",
      target: "esnext",
    });
    const { durableObjects } = search as { durableObjects: Record<string, unknown> };
    const driver = {
      name: "driver",
      modules: [{ type: "ESModule", path: "driver.js", contents: outputFiles[0]?.text ?? "" }],
      compatibilityDate: "2026-10-20",
      serviceBindings: { SEARCH },
      r2Buckets: { VECTORS: "edgeclip-vectors" },
      durableObjects,
    } as unknown as V4WorkerOptions;
    limitHeaps();
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port: 0,
        inspectorPort: 0,
        // Not the line of each search.
        handleStructuredLogs: ({ level, message }) => {
          if (level === "warn" || level === "error") console.error(message);
        },
        workers: [driver, search, state],
      }),
    );
    return new SearchService(miniflare, await miniflare.ready);
  }

  async ask<T>(operation: string, parameters: object): Promise<T> {
    const body = JSON.stringify({ operation, ...parameters });
    const response = await fetch(this.#url, { method: "POST", body });
    if (!response.ok) throw new Error(await response.text());
    return ((await response.json()) as { value: T }).value;
  }

  async search(parameters: SearchParameters): Promise<RpcResult<SearchResult>> {
    return await this.ask("search", parameters);
  }

  /** Bytes of a Worker's isolate: heap, buffers and WASM. Default: those of the search Worker. */
  async memory(
    worker: typeof SEARCH | typeof STATE = SEARCH,
  ): Promise<{ heap: number; buffers: number; wasm: number }> {
    const inspector = await this.miniflare.getInspectorURL();
    inspector.protocol = "http:";
    const { heapBytes, backingStorageBytes } = await isolateMemory(inspector, worker);
    if (worker === STATE) return { heap: heapBytes, buffers: backingStorageBytes, wasm: 0 };
    const { wasmBytes } = await this.ask<{ wasmBytes: number }>("stats", {});
    return { heap: heapBytes, buffers: backingStorageBytes, wasm: wasmBytes };
  }
}
