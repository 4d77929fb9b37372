/** Deployments that have just been started, before stand-ins for R2 and for the data center's cache. */
import type { V4WorkerOptions } from "miniflare";
import baseW from "../../fixtures/reference/base_w.json" with { type: "json" };
import { syntheticInput } from "../../../build/synthetic/synthetic-tensor.ts";
import type { EngineName } from "../../../model-shards/plan-stages.ts";
import { readManifest } from "../../../scripts/models/read-manifest.ts";
import { behindSlowR2, SLOW_R2 } from "../../support/faulty/slow-r2.ts";
import { behindCache, type CacheAsked, WORKERS_CACHE } from "../../support/workers-cache.ts";
import { startWorkers, type Workers, workerOptions } from "../../support/workers.ts";

export interface Line {
  /** To the first byte, ms. */
  latency: number;
  /** Bytes a second of a stream. */
  bytesPerSecond: number;
}

export interface Surroundings {
  model: string;
  engine: EngineName;
  r2: Line;
  /** None; empty; or filled with what these paths name. */
  cache: "none" | "empty" | readonly string[];
  storage: string;
}

export interface Deployment {
  workers: Workers;
  /** What the cache was asked for since it was asked last. */
  asked: () => Promise<CacheAsked[]>;
  dispose: () => Promise<void>;
}

const SIZE = 256;
export const NAIVE = "test/bench/naive/wrangler.toml";
const pixels = syntheticInput(`input:${SIZE}`, 3 * SIZE * SIZE);

async function tell(workers: Workers, name: string, figures: object): Promise<void> {
  const url = await workers.miniflare.unsafeGetDirectURL(name);
  await (await fetch(url, { method: "POST", body: JSON.stringify(figures) })).arrayBuffer();
}

export async function deploy({ model, engine, r2, cache, storage }: Surroundings): Promise<Deployment> {
  const workers = await startWorkers({
    model,
    engine,
    storage,
    change: (name, options) => {
      const slow = /vision|text|shards/.test(name) ? behindSlowR2(options) : options;
      return cache === "none" ? slow : behindCache(slow);
    },
    add: [SLOW_R2, WORKERS_CACHE],
  });
  if (typeof cache === "object") await tell(workers, WORKERS_CACHE.name ?? "", { fill: cache });
  await tell(workers, "slow-r2", r2);
  const url = await workers.miniflare.unsafeGetDirectURL(WORKERS_CACHE.name ?? "");
  return {
    workers,
    asked: async () => (await (await fetch(url)).json()) as CacheAsked[],
    dispose: () => workers.dispose(),
  };
}

/** The naive Worker: one file, one session. */
export async function deployNaive(model: string, r2: Line, storage: string): Promise<Workers> {
  const options = await workerOptions(NAIVE);
  const { alias, revision } = await readManifest(model);
  const workers = await startWorkers({
    model,
    storage,
    // Its one shard is more than a stage of the deployed tower may hold; only the naive Worker is asked.
    stages: 1,
    add: [SLOW_R2, behindSlowR2({ ...options, bindings: { PREFIX: `${alias}/${revision}` } })],
  });
  await tell(workers, "slow-r2", r2);
  return workers;
}

/** Reads what it is told, as many streams at once as a tower does, and keeps nothing. */
const DOWNLOAD = `
export default {
  async fetch(request, env) {
    const { manifest, pieces } = await request.json();
    await new Response((await env.MODELS.get(manifest)).body).arrayBuffer();
    const left = pieces.values();
    await Promise.all(Array.from({ length: 12 }, async () => {
      for (const { key, offset, length } of left) {
        const { body } = await env.MODELS.get(key, { range: { offset, length } });
        const reader = body.getReader({ mode: "byob" });
        let buffer = new Uint8Array(131072);
        for (;;) {
          const { done, value } = await reader.read(buffer);
          if (done) break;
          buffer = new Uint8Array(value.buffer);
        }
      }
    }));
    return new Response();
  },
};`;

const PIECE_BYTES = 4_194_304;

/** A Worker that downloads an image tower and does nothing else. @returns what to ask it with */
export async function deployDownload(
  model: string,
  r2: Line,
  storage: string,
): Promise<{ workers: Workers; ask: () => Promise<Response> }> {
  const download: V4WorkerOptions = behindSlowR2({
    name: "download",
    modules: [{ type: "ESModule", path: "download.js", contents: DOWNLOAD }],
    compatibilityDate: "2026-10-20",
    unsafeDirectSockets: [{}],
  });
  const workers = await startWorkers({ model, storage, add: [SLOW_R2, download] });
  await tell(workers, "slow-r2", r2);
  const { alias, revision, image } = await readManifest(model);
  const files = [...image.shards.map(({ graph }) => graph), ...image.shards.map(({ weights }) => weights)];
  const pieces = files.flatMap(({ file, bytes }) =>
    Array.from({ length: Math.ceil(bytes / PIECE_BYTES) }, (_, i) => ({
      key: `${alias}/${revision}/${file}`,
      offset: i * PIECE_BYTES,
      length: Math.min(PIECE_BYTES, bytes - i * PIECE_BYTES),
    })),
  );
  const body = JSON.stringify({ manifest: `${alias}/${revision}/manifest.json`, pieces });
  const url = await workers.miniflare.unsafeGetDirectURL("download");
  return { workers, ask: () => fetch(url, { method: "POST", body }) };
}

export async function askImage(workers: Workers): Promise<Response> {
  return await workers.probe(`/tensor?height=${SIZE}&width=${SIZE}`, pixels);
}

const long = baseW.texts.find(({ ids }) => ids.length === 77)?.ids ?? [];
const SHORT = 5;
/** Token ids of a text, the first and last of which begin and end every text. */
export const TEXTS = { 5: [...long.slice(0, SHORT - 1), long.at(-1) ?? 0], 77: long };

export async function askTexts(workers: Workers, ids: readonly number[], count = 1): Promise<Response> {
  const lengths = Array.from({ length: count }, () => ids.length);
  return await workers.probe(
    `/tokens?lengths=${lengths.join(",")}`,
    Int32Array.from(lengths.flatMap(() => ids)),
  );
}

export async function askNaive(workers: Workers): Promise<Response> {
  const url = await workers.miniflare.unsafeGetDirectURL("naive");
  return await fetch(new URL(`/?size=${SIZE}`, url), { method: "POST", body: pixels });
}

/** Milliseconds. @throws Error for an answer that is a failure */
export async function time(call: () => Promise<Response>): Promise<number> {
  const start = performance.now();
  const response = await call();
  const body = await response.arrayBuffer();
  if (!response.ok) throw new Error(`status ${response.status}: ${new TextDecoder().decode(body)}`);
  return performance.now() - start;
}
