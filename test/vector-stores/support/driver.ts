/**
 * A Worker that asks vector stores what gateway and search Worker ask them, for tests that need no client: `POST /`
 * with `{method, parameters}`. Typed arrays travel as `{int8: […]}`. `search` compares a query with every row that a
 * view names, read from R2 as it was written; `searchWorker` asks the search Worker.
 */
import { join } from "node:path";
import { build } from "esbuild";
import type { V4WorkerOptions } from "miniflare";

const SCRIPT = `
import { SegmentHeader } from "./segment-header.ts";
import { HEADER_BYTES, PAGE_BYTES, pageLayout, pageRows, rowBytes } from "./segment-layout.ts";

const given = (key, value) => (value?.int8 ? Int8Array.from(value.int8) : value);

function* rowsOf(bytes, header) {
  for (const [page, rows] of pageRows(header.rows, header.width).entries()) {
    const at = HEADER_BYTES + page * PAGE_BYTES;
    const { scales, numbers } = pageLayout(rows, header.width);
    const view = new DataView(bytes.buffer, at);
    for (let row = 0; row < rows; row++) {
      yield {
        number: view.getUint32(numbers + 4 * row, true),
        scale: view.getFloat32(scales + 4 * row, true),
        ints: new Int8Array(bytes.buffer, at + row * rowBytes(header.width), header.width),
      };
    }
  }
}

function scoreOf({ ints, scale }, query) {
  let sum = 0;
  for (const [index, value] of query.entries()) sum += value * ints[index];
  return sum * scale;
}

async function search(store, env, query, limit) {
  const view = await store.view(null);
  if (view === undefined || view === "expired") return view ?? "gone";
  const found = view.added.map(({ number, row }) => ({ number, score: scoreOf(row, query) }));
  for (const { key, rows, bytes, sha256, dead } of view.segments) {
    const read = new Uint8Array(await (await env.VECTORS.get(key)).arrayBuffer());
    const header = await SegmentHeader.read(read.subarray(0, HEADER_BYTES), sha256);
    if (header.rows !== rows || read.length !== bytes) throw new Error("a segment is not what its store says");
    let index = 0;
    for (const row of rowsOf(read, header)) {
      const isDead = ((dead?.[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
      index++;
      if (!isDead) found.push({ number: row.number, score: scoreOf(row, query) });
    }
  }
  const best = found.toSorted((a, b) => b.score - a.score).slice(0, limit);
  const described = new Map();
  for (let first = 0; first < best.length; first += 1000) {
    const some = await store.describe(best.slice(first, first + 1000).map(({ number }) => number));
    for (const [number, picture] of some) described.set(number, picture);
  }
  // Rows that died since the view are left out, and others do not take their places.
  const matches = best.flatMap(({ number, score }) => {
    const picture = described.get(number);
    return picture === undefined ? [] : [{ picture, score }];
  });
  return { matches, isWhole: found.length <= limit, vanished: best.length - matches.length, segments: view.segments.length };
}

async function searchWorker(name, env, query, limit) {
  const [account, store] = name.split("/");
  const queries = [Float32Array.from(query)];
  const request = { account, store, model: "m@1", queries, filter: null, limit, minScore: null };
  const result = await env.SEARCH.search(request, "test");
  if (!result.ok) throw new Error(result.error.message);
  return { matches: result.value.matches, isWhole: !result.value.hasMore, vanished: 0, segments: 0 };
}

export default {
  async fetch(request, env) {
    const { store: name, method, parameters } = JSON.parse(await request.text(), given);
    try {
      const store = env.VECTOR_STORES.getByName(name);
      if (method === "account") {
        const [account, ...rest] = parameters;
        return Response.json({ value: await env.ACCOUNTS.getByName(name.split("/")[0])[account](...rest) });
      }
      if (method === "send") return Response.json({ value: await env.BUILDS.send(...parameters) });
      if (method === "searchWorker") return Response.json({ value: await searchWorker(name, env, ...parameters) });
      const value = await (method === "search" ? search(store, env, ...parameters) : store[method](...parameters));
      return Response.json({ value });
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};`;

export async function driver(): Promise<V4WorkerOptions> {
  const { outputFiles } = await build({
    stdin: {
      contents: SCRIPT,
      resolveDir: join(import.meta.dirname, "../../../functions/vector-stores"),
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
  });
  return {
    name: "driver",
    modules: [{ type: "ESModule", path: "driver.js", contents: outputFiles[0]?.text ?? "" }],
    compatibilityDate: "2026-10-20",
    r2Buckets: { VECTORS: "edgeclip-vectors" },
    durableObjects: {
      ACCOUNTS: { className: "AccountState", scriptName: "edgeclip-state", useSQLite: true },
      VECTOR_STORES: { className: "VectorStoreState", scriptName: "edgeclip-state", useSQLite: true },
    },
    serviceBindings: { SEARCH: "edgeclip-search" },
    queueProducers: { BUILDS: "edgeclip-builds" },
    unsafeDirectSockets: [{}],
  } as V4WorkerOptions;
}
