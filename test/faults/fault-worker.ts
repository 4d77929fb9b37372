/**
 * Stands between our Workers and all they depend on, and fails where it is told to: R2 (the buckets of models, label
 * sets, files and vector stores), the Durable Objects of accounts and vector stores, KV, the queue, the decoder, both
 * towers and the search Worker.
 *
 * `POST /` with `{rules}` sets what fails, in place of what failed before; a rule is `{on, kind, key?, times?}`: an
 * operation such as `MODELS.get`, what happens to it, which keys (the end of them; an object's methods) and how often.
 * `{random: {seed, probability}}` fails any operation instead, with everything that fits it. Both answer `{struck}`:
 * how often each fault struck since the last time.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";

export type FaultKind =
  | "error"
  | "kill"
  | "silence"
  | "late"
  /** Done, and never heard of. */
  | "lost"
  | "drip"
  | "silent-body"
  | "slow-body"
  | "broken-body"
  | "truncated"
  | "wrong-bytes"
  | "missing"
  | "stale"
  | "refusal";

export interface FaultRule {
  on: string;
  kind: FaultKind;
  key?: string;
  times?: number;
}

const STATE = join(import.meta.dirname, "../../functions/state");

/** The methods of a Durable Object's class, each of which a caller may ask. */
function methodsOf(file: string): string[] {
  const methods = readFileSync(join(STATE, file), "utf8").matchAll(/^ {2}async (\w+)\(/gm);
  return [...methods].map(([, name = ""]) => name);
}

const SCRIPT = `
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

let rules = [];
let random;
let struck = {};

// Longer than any test: a promise that nothing could ever settle would be noticed by the runtime.
const NEVER = 3_600_000;

const KINDS = {
  "MODELS.get": ["error", "late", "broken-body", "truncated", "wrong-bytes", "missing"],
  "SETS.get": ["error", "late", "broken-body", "truncated", "wrong-bytes", "missing"],
  "SETS.head": ["error", "late"],
  "SETS.put": ["error", "late"],
  "SETS.list": ["error", "late"],
  "SETS.delete": ["error", "late"],
  "FILES.get": ["error", "late"],
  "FILES.put": ["error", "late"],
  "FILES.delete": ["error", "late"],
  "ACCOUNTS.ask": ["error", "late"],
  "VECTORS.get": ["error", "late", "broken-body", "truncated", "wrong-bytes", "missing"],
  "VECTORS.put": ["error", "late"],
  "VECTOR_STORES.ask": ["error", "late"],
  "SEARCH.search": ["error", "late", "refusal"],
  "CACHE.get": ["error", "late", "truncated", "wrong-bytes", "missing", "stale"],
  "CACHE.put": ["error", "late"],
  "CACHE.delete": ["error", "late"],
  "BUILDS.send": ["error", "late"],
  "DECODER.decode": ["error", "late", "refusal"],
  "VISION.embedPixels": ["error", "late", "refusal"],
  "TEXT.embedTokens": ["error", "late", "refusal"],
};

function next() {
  random.state = (Math.imul(random.state, 1664525) + 1013904223) >>> 0;
  return random.state / 2 ** 32;
}

/** What happens to this operation; the faults that need no more than that have then happened. */
async function meet(ctx, on, key = "") {
  let kind;
  if (random !== undefined) {
    if (next() < random.probability) kind = KINDS[on][Math.floor(next() * KINDS[on].length)];
  } else {
    const rule = rules.find((each) => each.on === on && String(key).endsWith(each.key ?? "") && (each.times ?? 1) > 0);
    if (rule?.times !== undefined) rule.times--;
    kind = rule?.kind;
  }
  if (kind === undefined) return undefined;
  const name = on + " " + kind;
  struck[name] = (struck[name] ?? 0) + 1;
  if (kind === "error") throw new Error("inner trouble in " + on);
  if (kind === "silence") await scheduler.wait(NEVER);
  if (kind === "kill") ctx.abort(new Error("inner trouble: the isolate is gone"));
  if (kind === "late") await scheduler.wait(random === undefined ? 1000 : 50);
  return kind;
}

function spoil(bytes, kind) {
  if (kind === "truncated") return bytes.slice(0, bytes.byteLength >> 1);
  const spoiled = new Uint8Array(bytes.slice(0));
  if (kind === "wrong-bytes" && spoiled.length > 0) spoiled[spoiled.length >> 1] ^= 1;
  return spoiled.buffer;
}

/** The body of a model file, which the towers read as a stream. */
function streamed(bytes, kind, ctx) {
  const { readable, writable } = new IdentityTransformStream();
  const send = async () => {
    const writer = writable.getWriter();
    const half = bytes.byteLength >> 1;
    if (kind === "drip") {
      const step = Math.ceil(bytes.byteLength / 20);
      for (let at = 0; at < bytes.byteLength; at += step) {
        await writer.write(bytes.slice(at, at + step));
        await scheduler.wait(50);
      }
    } else {
      await writer.write(bytes.slice(0, kind?.endsWith("-body") ? half : undefined));
      if (kind === "silent-body") await scheduler.wait(NEVER);
      if (kind === "broken-body") return await writer.abort(new Error("inner trouble in the body"));
    }
    await writer.close();
  };
  ctx.waitUntil(send().catch(() => {}));
  return readable;
}

const described = (object) =>
  object && {
    key: object.key,
    size: object.size,
    etag: object.etag,
    customMetadata: object.customMetadata,
    uploaded: object.uploaded,
  };

export class Models extends WorkerEntrypoint {
  async get(key, options) {
    const kind = await meet(this.ctx, "MODELS.get", key);
    const object = kind === "missing" ? null : await this.env.MODELS.get(key, options);
    if (object === null) return null;
    const bytes = spoil(await object.arrayBuffer(), kind);
    return { key, size: object.size, body: streamed(bytes, kind, this.ctx) };
  }
  async head(key) {
    return described(await this.env.MODELS.head(key));
  }
}

export class Sets extends WorkerEntrypoint {
  async get(key) {
    const kind = await meet(this.ctx, "SETS.get", key);
    const object = kind === "missing" ? null : await this.env.SETS.get(key);
    if (object === null) return null;
    const bytes = spoil(await object.arrayBuffer(), kind);
    const arrayBuffer = async () => {
      if (kind === "broken-body") throw new Error("inner trouble in the body");
      if (kind === "silent-body") await scheduler.wait(NEVER);
      // Longer than a lease, shorter than the deadline.
      if (kind === "slow-body") await scheduler.wait(12_000);
      return bytes;
    };
    return { ...described(object), arrayBuffer };
  }
  async head(key) {
    await meet(this.ctx, "SETS.head", key);
    return described(await this.env.SETS.head(key));
  }
  async put(key, value, options) {
    await meet(this.ctx, "SETS.put", key);
    return described(await this.env.SETS.put(key, value, options));
  }
  async delete(keys) {
    await meet(this.ctx, "SETS.delete");
    await this.env.SETS.delete(keys);
  }
  async list(options) {
    await meet(this.ctx, "SETS.list");
    const { objects, truncated, cursor } = await this.env.SETS.list(options);
    return { objects: objects.map(described), truncated, cursor };
  }
}

export class Files extends WorkerEntrypoint {
  async get(key, options) {
    const kind = await meet(this.ctx, "FILES.get");
    const object = await this.env.FILES.get(key, options);
    if (object === null) return null;
    const bytes = await object.arrayBuffer();
    const arrayBuffer = async () => {
      if (kind === "broken-body") throw new Error("inner trouble in the body");
      if (kind === "silent-body") await scheduler.wait(NEVER);
      return bytes;
    };
    return { ...described(object), body: new Blob([bytes]).stream(), arrayBuffer };
  }
  async head(key) {
    return described(await this.env.FILES.head(key));
  }
  async put(key, value, options) {
    // A stream that has passed between Workers has lost its length.
    const bytes = value instanceof ReadableStream ? await new Response(value).arrayBuffer() : value;
    await meet(this.ctx, "FILES.put");
    return described(await this.env.FILES.put(key, bytes, options));
  }
  async delete(keys) {
    await meet(this.ctx, "FILES.delete");
    await this.env.FILES.delete(keys);
  }
}

export class Vectors extends WorkerEntrypoint {
  async get(key, options) {
    const kind = await meet(this.ctx, "VECTORS.get", key);
    const object = kind === "missing" ? null : await this.env.VECTORS.get(key, options);
    if (object === null) return null;
    const bytes = spoil(await object.arrayBuffer(), kind);
    return { key, size: object.size, body: streamed(bytes, kind, this.ctx) };
  }
  async put(key, value, options) {
    await meet(this.ctx, "VECTORS.put", key);
    return described(await this.env.VECTORS.put(key, value, options));
  }
  async delete(keys) {
    await this.env.VECTORS.delete(keys);
  }
}

/** A Durable Object with these methods. */
function objectWith(on, methods) {
  class FaultyObject extends RpcTarget {
    #ctx;
    #object;
    constructor(ctx, object) {
      super();
      this.#ctx = ctx;
      this.#object = object;
    }
    async ask(method, parameters) {
      const kind = await meet(this.#ctx, on, method);
      const answer = await this.#object[method](...parameters);
      if (kind === "lost") throw new Error("inner trouble after " + on);
      return answer;
    }
  }
  for (const method of methods) {
    FaultyObject.prototype[method] = function (...parameters) {
      return this.ask(method, parameters);
    };
  }
  return FaultyObject;
}

const Account = objectWith("ACCOUNTS.ask", ${JSON.stringify(methodsOf("account/account-state.ts"))});

export class Accounts extends WorkerEntrypoint {
  getByName(account) {
    return new Account(this.ctx, this.env.ACCOUNTS.getByName(account));
  }
}

const Store = objectWith("VECTOR_STORES.ask", ${JSON.stringify(methodsOf("vector-store/vector-store-state.ts"))});

export class Stores extends WorkerEntrypoint {
  getByName(name) {
    return new Store(this.ctx, this.env.VECTOR_STORES.getByName(name));
  }
}

/** What a key had before it was last written, for stale reads. */
const before = new Map();

export class Cache extends WorkerEntrypoint {
  async get(keys, type) {
    const kind = await meet(this.ctx, "CACHE.get");
    if (kind === "missing") return Array.isArray(keys) ? new Map(keys.map((key) => [key, null])) : null;
    if (kind === "stale") {
      return Array.isArray(keys) ? new Map(keys.map((key) => [key, before.get(key) ?? null])) : (before.get(keys) ?? null);
    }
    const found = await this.env.CACHE.get(keys, type);
    const text = (value) => value && new TextDecoder("latin1").decode(spoil(new TextEncoder().encode(value).buffer, kind));
    if (Array.isArray(keys)) return new Map([...found].map(([key, value]) => [key, text(value)]));
    return found instanceof ArrayBuffer ? spoil(found, kind) : found;
  }
  async put(key, value, options) {
    await meet(this.ctx, "CACHE.put");
    before.set(key, await this.env.CACHE.get(key, typeof value === "string" ? "text" : "arrayBuffer"));
    await this.env.CACHE.put(key, value, options);
  }
  async delete(key) {
    await meet(this.ctx, "CACHE.delete");
    await this.env.CACHE.delete(key);
  }
}

export class Builds extends WorkerEntrypoint {
  async send(message, options) {
    await meet(this.ctx, "BUILDS.send");
    await this.env.BUILDS.send(message, options);
  }
}

const refused = { ok: false, error: { code: "model_unavailable", message: "inner trouble" } };

export class Towers extends WorkerEntrypoint {
  async decode(...parameters) {
    const kind = await meet(this.ctx, "DECODER.decode");
    if (kind !== "refusal") return await this.env.DECODER.decode(...parameters);
    const writer = parameters[2].getWriter();
    const reason = new TextEncoder().encode(JSON.stringify(refused.error));
    // As decoded-frames.ts writes it.
    await writer.write(Uint8Array.of(0, reason.length, 0, 0, 0));
    await writer.write(reason);
    await writer.close();
  }
  async embedPixels(...parameters) {
    const kind = await meet(this.ctx, "VISION.embedPixels");
    if (kind === "refusal") return refused;
    return await changed(await this.env.VISION.embedPixels(...parameters), kind);
  }
  async wake(...parameters) {
    await this.env.VISION.wake(...parameters);
  }
  async embedTokens(...parameters) {
    const kind = await meet(this.ctx, "TEXT.embedTokens");
    if (kind === "refusal") return refused;
    return await changed(await this.env.TEXT.embedTokens(...parameters), kind);
  }
}

const busy = { ok: false, error: { code: "overloaded", message: "too many searches at a time" } };

export class Searches extends WorkerEntrypoint {
  async search(...parameters) {
    const kind = await meet(this.ctx, "SEARCH.search");
    return kind === "refusal" ? busy : await this.env.SEARCH.search(...parameters);
  }
}

async function changed(result, kind) {
  if (kind === "stale") result.value.revision = "0123456789abcdef";
  return result;
}

export default {
  async fetch(request) {
    const told = await request.json();
    rules = told.rules ?? [];
    random = told.random && { ...told.random, state: told.random.seed };
    const answer = Response.json({ struck });
    struck = {};
    return answer;
  },
};`;

export const FAULTS: V4WorkerOptions = {
  name: "faults",
  modules: [{ type: "ESModule", path: "faults.js", contents: SCRIPT }],
  compatibilityDate: "2026-10-20",
  // For `ctx.abort`, which ends the isolate under whoever calls it.
  compatibilityFlags: ["experimental"],
  r2Buckets: {
    MODELS: "edgeclip-models",
    SETS: "edgeclip-label-sets",
    FILES: "edgeclip-files",
    VECTORS: "edgeclip-vectors",
  },
  durableObjects: {
    ACCOUNTS: { className: "AccountState", scriptName: "edgeclip-state", useSQLite: true },
    VECTOR_STORES: { className: "VectorStoreState", scriptName: "edgeclip-state", useSQLite: true },
  },
  kvNamespaces: { CACHE: "edgeclip-cache" },
  queueProducers: { BUILDS: "edgeclip-builds" },
  serviceBindings: {
    DECODER: "edgeclip-decoder",
    VISION: "edgeclip-vision",
    TEXT: "edgeclip-text",
    SEARCH: "edgeclip-search",
  },
  unsafeDirectSockets: [{}],
};

const ENTRYPOINTS = {
  MODELS: "Models",
  SETS: "Sets",
  FILES: "Files",
  VECTORS: "Vectors",
  ACCOUNTS: "Accounts",
  VECTOR_STORES: "Stores",
  SEARCH: "Searches",
  CACHE: "Cache",
  BUILDS: "Builds",
  DECODER: "Towers",
  VISION: "Towers",
  TEXT: "Towers",
};

function faultyBindings(name: string): string[] {
  if (name === "edgeclip") return Object.keys(ENTRYPOINTS);
  if (name === "edgeclip-search") return ["VECTORS", "VECTOR_STORES"];
  if (name === "edgeclip-jobs") return ["MODELS", "SETS", "BUILDS"];
  return /vision|text|shards/.test(name) ? ["MODELS"] : [];
}

/** Puts the faults between a Worker and what it depends on. */
export function behindFaults(name: string, options: V4WorkerOptions): V4WorkerOptions {
  const bindings = faultyBindings(name);
  if (bindings.length === 0) return options;
  const faulty = Object.fromEntries(
    Object.entries(ENTRYPOINTS)
      .filter(([binding]) => bindings.includes(binding))
      .map(([binding, entrypoint]) => [binding, { name: "faults", entrypoint }]),
  );
  const without = <T>(all: unknown): Record<string, T> =>
    Object.fromEntries(
      Object.entries((all ?? {}) as Record<string, T>).filter(([key]) => !bindings.includes(key)),
    );
  return {
    ...options,
    r2Buckets: without<string>(options.r2Buckets),
    durableObjects: without<string>(options.durableObjects),
    kvNamespaces: without<string>(options.kvNamespaces),
    queueProducers: without<string>(options.queueProducers),
    serviceBindings: { ...options.serviceBindings, ...faulty },
  };
}
