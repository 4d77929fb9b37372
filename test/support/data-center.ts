/**
 * A data center: copies of the towers, each an isolate of its own, that share R2, and the stand-in for the platform's
 * cache if there is one.
 */
import type { V4WorkerOptions } from "miniflare";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { behindSlowR2, SLOW_R2 } from "./faulty/slow-r2.ts";
import { behindCache, type CacheAsked, WORKERS_CACHE } from "./workers-cache.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "./workers.ts";

const VISION = "edgeclip-vision";
const TEXT = "edgeclip-text";

/** Asks copies of a tower: `POST /<kind>/<number>`, and the shards Worker: `GET /shards/…`. */
const ASKER = `
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const [, kind, number] = url.pathname.split("/");
    if (kind === "shards") {
      const path = url.pathname.slice("/shards".length);
      return await env.SHARDS.fetch(new Request("https://shards" + path + url.search, { method: request.method }));
    }
    const body = await request.arrayBuffer();
    const size = Math.sqrt(body.byteLength / 12);
    const tower = env[kind + number];
    const result = kind === "vision"
      ? await tower.embedTensor(new Float32Array(body), size, size)
      : await tower.embedTokens(new Int32Array(body), [body.byteLength / 4], () => true, "test");
    return result.ok ? new Response(result.value.embeddings) : Response.json(result.error, { status: 500 });
  },
};`;

export interface DataCenter {
  workers: Workers;
  /** The embedding that a copy of a tower, an isolate of its own, gives. */
  ask(kind: "vision" | "text", copy: number): Promise<Float32Array>;
  shards(path: string, method?: string): Promise<Response>;
  /** Keys that were read from R2 since it was asked last. */
  reads(): Promise<string[]>;
  cache(change?: object): Promise<CacheAsked[]>;
}

/**
 * @param copies of each tower
 * @param model folder of a built model
 */
export async function dataCenter(copies: number, hasCache: boolean, model = DEMO_MODEL): Promise<DataCenter> {
  const manifest = await readManifest(model);
  const towers: V4WorkerOptions[] = [];
  const services: Record<string, string> = { SHARDS: "edgeclip-shards" };
  const asker: V4WorkerOptions = {
    name: "asker",
    modules: [{ type: "ESModule", path: "asker.js", contents: ASKER }],
    compatibilityDate: "2026-10-20",
    serviceBindings: services,
    unsafeDirectSockets: [{}],
  };
  const add = [SLOW_R2, WORKERS_CACHE, asker];
  const workers = await startWorkers({
    model,
    engine: "simd",
    add,
    change: (name, options) => {
      const bound = /vision|text|shards/.test(name) ? behindSlowR2(options) : options;
      const changed = hasCache ? behindCache(bound) : bound;
      if (name !== VISION && name !== TEXT) return changed;
      for (let copy = 0; copy < copies; copy++) {
        const of = `${name}-copy-${copy}`;
        services[`${name === VISION ? "vision" : "text"}${copy}`] = of;
        towers.push({ ...changed, name: of });
      }
      add.splice(3, Infinity, ...towers);
      return changed;
    },
  });
  const url = async (name: string): Promise<URL> => await workers.miniflare.unsafeGetDirectURL(name);
  const [asking, slow, caching] = await Promise.all([url("asker"), url("slow-r2"), url("workers-cache")]);
  const { size } = manifest.image;
  const pixels = syntheticInput("input", 3 * size * size);
  const ids = Int32Array.from([49_406, 320, 1125, 539, 320, 2368, 49_407]);
  let read = 0;
  return {
    workers,
    ask: async (kind, copy) => {
      const body = kind === "vision" ? pixels : ids;
      const response = await fetch(new URL(`/${kind}/${copy}`, asking), { method: "POST", body });
      if (!response.ok) throw new Error(await response.text());
      return new Float32Array(await response.arrayBuffer());
    },
    shards: (path, method = "GET") => fetch(new URL(`/shards${path}`, asking), { method }),
    reads: async () => {
      const all = (await (await fetch(slow)).json()) as string[];
      return all.slice(read, (read = all.length)).map((key) => key.split("/").at(-1) ?? "");
    },
    cache: async (change) => {
      const init = change === undefined ? {} : { method: "POST", body: JSON.stringify(change) };
      return (await (await fetch(caching, init)).json()) as CacheAsked[];
    },
  };
}
