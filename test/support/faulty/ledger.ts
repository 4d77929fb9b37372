/**
 * Stands between the gateway and its storage, counts the operations, and makes chosen bindings fail.
 *
 * `GET /` answers the operations since the last time, such as `{"CACHE.get": 2}`. `POST /` with a list of bindings,
 * such as `["CACHE"]`, makes those fail until told otherwise.
 */
import type { Miniflare, V4WorkerOptions } from "miniflare";

const SCRIPT = `
import { WorkerEntrypoint } from "cloudflare:workers";

let counts = {};
let down = [];

function note(binding, operation) {
  const name = binding + "." + operation;
  counts[name] = (counts[name] ?? 0) + 1;
  if (down.includes(binding)) throw new Error(binding + " is down");
}

const described = (object) =>
  object && {
    key: object.key,
    size: object.size,
    etag: object.etag,
    customMetadata: object.customMetadata,
    uploaded: object.uploaded,
  };

class Bucket extends WorkerEntrypoint {
  async get(key) {
    note(this.binding, "get");
    const object = await this.env[this.binding].get(key);
    if (object === null) return null;
    // A stream that is sent cannot be read here as well, and each binding is read in one way only.
    if (this.binding === "MODELS") return { ...described(object), body: object.body };
    return { ...described(object), json: () => object.json(), arrayBuffer: () => object.arrayBuffer() };
  }
  async head(key) {
    note(this.binding, "head");
    return described(await this.env[this.binding].head(key));
  }
  async put(key, value, options) {
    note(this.binding, "put");
    return described(await this.env[this.binding].put(key, value, options));
  }
  async delete(keys) {
    note(this.binding, "delete");
    await this.env[this.binding].delete(keys);
  }
  async list(options) {
    note(this.binding, "list");
    const { objects, truncated, cursor } = await this.env[this.binding].list(options);
    return { objects: objects.map(described), truncated, cursor };
  }
}
export class Sets extends Bucket {
  binding = "SETS";
}
export class Models extends Bucket {
  binding = "MODELS";
}
export class Cache extends WorkerEntrypoint {
  async get(...parameters) {
    note("CACHE", "get");
    return await this.env.CACHE.get(...parameters);
  }
  async put(...parameters) {
    note("CACHE", "put");
    await this.env.CACHE.put(...parameters);
  }
  async delete(key) {
    note("CACHE", "delete");
    await this.env.CACHE.delete(key);
  }
}
export default {
  async fetch(request) {
    if (request.method === "POST") down = await request.json();
    const answer = Response.json(counts);
    counts = {};
    return answer;
  },
};`;

export const LEDGER: V4WorkerOptions = {
  name: "ledger",
  modules: [{ type: "ESModule", path: "ledger.js", contents: SCRIPT }],
  compatibilityDate: "2026-10-20",
  r2Buckets: { MODELS: "edgeclip-models", SETS: "edgeclip-label-sets" },
  kvNamespaces: { CACHE: "edgeclip-cache" },
  unsafeDirectSockets: [{}],
};

/** @param options of the gateway */
export function throughLedger(options: V4WorkerOptions): V4WorkerOptions {
  const entrypoints: Record<string, string> = { MODELS: "Models", SETS: "Sets", CACHE: "Cache" };
  const bindings = Object.fromEntries(
    Object.entries(entrypoints).map(([binding, entrypoint]) => [binding, { name: "ledger", entrypoint }]),
  );
  const others = (each: object = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(each).filter(([binding]) => !(binding in entrypoints)));
  return {
    ...options,
    r2Buckets: others(options.r2Buckets),
    kvNamespaces: others(options.kvNamespaces),
    serviceBindings: { ...options.serviceBindings, ...bindings },
  };
}

/** Operations of the gateway on R2 and KV since the last call. */
export async function operations({ miniflare }: { miniflare: Miniflare }): Promise<Record<string, number>> {
  const url = await miniflare.unsafeGetDirectURL("ledger");
  return (await (await fetch(url)).json()) as Record<string, number>;
}
