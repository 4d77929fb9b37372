/**
 * A stand-in for the cache that the platform puts before a Worker's entrypoint, which workerd does not have. It stands
 * between those who ask the shards Worker and that Worker, as a Worker of its own, and does what Cloudflare documents
 * (developers.cloudflare.com/workers/cache): whole answers with status 200 are kept as their `cache-control` allows, by
 * path and query; one of several simultaneous requests runs the Worker, and the others are given its answer as it
 * comes; an answer that breaks off is not kept; every answer says by `cf-cache-status` what happened.
 *
 * `GET /` on its direct address answers what was asked so far, in order: `[{path, status}]`. `POST /` with `{latency?,
 * bytesPerSecond?, fault?, match?, times?, empty?, fill?, damage?, cut?}` changes how fast kept answers are, what is
 * done wrongly with those whose path contains `match`, always or so many times, and may empty it, fill it with what
 * paths name, or damage or cut short what it keeps under paths that contain something.
 */
import type { V4WorkerOptions } from "miniflare";

export type CacheFault = "wrong-bytes" | "half" | "broken" | "missing" | "silence" | "silent-body";

export interface CacheAsked {
  path: string;
  status: "HIT" | "MISS" | "BYPASS";
}

const SCRIPT = `
import { WorkerEntrypoint } from "cloudflare:workers";

let settings = { latency: 5, bytesPerSecond: 200e6 };
const kept = new Map();
let asked = [];

export class Cache extends WorkerEntrypoint {
  async fetch(request) {
    const { pathname, search } = new URL(request.url);
    const path = pathname + search;
    const { fault, match = "", times = Infinity } = settings;
    const strikes = fault !== undefined && times > 0 && path.includes(match) ? fault : undefined;
    if (strikes !== undefined) settings.times = times - 1;
    await scheduler.wait(strikes === "silence" ? 20_000 : settings.latency);
    if (strikes === "missing") return new Response("", { status: 404, headers: { "cf-cache-status": "HIT" } });
    const isMine = !kept.has(path);
    if (isMine) kept.set(path, { chunks: [], bytes: 0, state: "asked", headers: undefined });
    const entry = kept.get(path);
    const status = entry.state === "whole" ? "HIT" : "MISS";
    if (isMine) {
      const response = await this.env.SHARDS.fetch(request);
      const isKept = response.status === 200 && /max-age=[1-9]/.test(response.headers.get("cache-control") ?? "");
      if (!isKept) {
        kept.delete(path);
        entry.state = "refused";
        asked.push({ path, status: "BYPASS" });
        const answer = new Response(response.body, response);
        answer.headers.set("cf-cache-status", "BYPASS");
        return answer;
      }
      entry.headers = [...response.headers];
      entry.state = "coming";
      this.ctx.waitUntil(fill(path, entry, response.body, Number(response.headers.get("content-length") ?? NaN)));
    }
    // No promise of another request is awaited: it may never settle.
    while (entry.state === "asked") await scheduler.wait(1);
    if (entry.state === "refused") return await this.fetch(request);
    asked.push({ path, status });
    const headers = new Headers(entry.headers);
    headers.set("cf-cache-status", status);
    const { readable, writable } = new IdentityTransformStream();
    this.ctx.waitUntil(give(entry, writable, status === "HIT", strikes).catch(() => {}));
    if (strikes === "half") headers.delete("content-length");
    return new Response(readable, { headers });
  }

  // What the Worker's own \`ctx.cache\` does on the platform, which workerd does not have.
  async forget(prefix) {
    await this.env.SHARDS.forget(prefix);
    for (const path of kept.keys()) if (path.startsWith("/" + prefix)) kept.delete(path);
  }
}

const PIECE = 262_144;
const BUFFERED_MS = 20;

async function fill(path, entry, body, length) {
  try {
    const reader = body.getReader({ mode: "byob" });
    for (;;) {
      const { done, value } = await reader.readAtLeast(PIECE, new Uint8Array(PIECE));
      if (value?.byteLength > 0) {
        entry.chunks.push(value);
        entry.bytes += value.byteLength;
      }
      if (done || !(value?.byteLength > 0)) break;
    }
    if (!Number.isNaN(length) && entry.bytes !== length) throw new Error("the answer ended early");
    entry.state = "whole";
  } catch {
    entry.state = "broken";
    kept.delete(path);
  }
}

async function give(entry, writable, isHit, fault) {
  const writer = writable.getWriter();
  // A fault is in the middle of what was kept.
  while (fault !== undefined && entry.state === "coming") await scheduler.wait(1);
  let due = Date.now();
  for (let i = 0; ; ) {
    if (i === entry.chunks.length) {
      if (entry.state !== "coming") break;
      await scheduler.wait(1);
      continue;
    }
    let chunk = entry.chunks[i++];
    if (isHit) {
      due = Math.max(due, Date.now() - BUFFERED_MS) + 1000 * chunk.byteLength / settings.bytesPerSecond;
      const ahead = due - Date.now();
      if (ahead > 2) await scheduler.wait(ahead);
    }
    const isMiddle = i - 1 === entry.chunks.length >> 1 && fault !== undefined;
    if (isMiddle && fault === "wrong-bytes") {
      chunk = chunk.slice();
      chunk[chunk.length >> 1] ^= 1;
    }
    if (isMiddle && fault === "silent-body") await scheduler.wait(20_000);
    if (isMiddle && fault === "broken") return await writer.abort(new Error("lost"));
    if (isMiddle && fault === "half") break;
    await writer.write(chunk);
  }
  if (entry.state === "broken") await writer.abort(new Error("the Worker's answer broke off"));
  else await writer.close();
}

export default {
  async fetch(request, env, ctx) {
    if (request.method === "POST") {
      const { empty, damage, cut, fill = [], ...changed } = await request.json();
      for (const [path, entry] of kept) {
        const { chunks } = entry;
        if (damage !== undefined && path.includes(damage)) chunks[chunks.length >> 1][99] ^= 1;
        if (cut === undefined || !path.includes(cut)) continue;
        chunks.length = Math.ceil(chunks.length / 2);
        entry.headers = entry.headers.filter(([name]) => name !== "content-length");
      }
      settings = { ...settings, ...changed };
      if (empty) kept.clear();
      for (const path of fill) {
        const answer = await new Cache(ctx, env).fetch(new Request("https://shards" + path));
        await answer.body?.pipeTo(new WritableStream());
      }
    }
    return Response.json(asked.splice(0));
  },
};`;

/** @param name of the stand-in @param worker that it stands before */
export function cacheBefore(worker: string, name: string): V4WorkerOptions {
  return {
    name,
    modules: [{ type: "ESModule", path: "workers-cache.js", contents: SCRIPT }],
    compatibilityDate: "2026-10-20",
    serviceBindings: { SHARDS: worker },
    unsafeDirectSockets: [{}],
  };
}

/** As a binding names it. */
export function cacheEntrypoint(name: string): { name: string; entrypoint: string } {
  return { name, entrypoint: "Cache" };
}

const CACHE = "workers-cache";
export const WORKERS_CACHE = cacheBefore("edgeclip-shards", CACHE);

/** Puts the stand-in before the shards Worker, for a Worker that asks it. */
export function behindCache(options: V4WorkerOptions): V4WorkerOptions {
  if (options.serviceBindings?.["SHARDS"] === undefined) return options;
  return { ...options, serviceBindings: { ...options.serviceBindings, SHARDS: cacheEntrypoint(CACHE) } };
}
