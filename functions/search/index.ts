/**
 * The search Worker: compares queries with every picture of a vector store, exactly. What is live, the store's object
 * says, each time; vectors come from segments in R2, which are kept as far as there is room.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import kernel from "../../.generated/simd/scan.wasm";
import { Admission } from "../runtime/sharing/admission.ts";
import { ServiceError } from "../runtime/errors.ts";
import { withHeartbeat } from "../runtime/sharing/heartbeat.ts";
import { thisIsolate } from "../runtime/isolate.ts";
import { logCall } from "../runtime/log-call.ts";
import type { RpcResult, WorkerStats } from "../runtime/rpc.ts";
import { rpcResult } from "../runtime/rpc-result.ts";
import { ComputeQueue } from "../runtime/sharing/compute-queue.ts";
import { warn } from "../runtime/warn.ts";
import type { Match, SearchRequest, SearchResult, SearchRpc } from "../vector-stores/search-rpc.ts";
import { MAX_SEARCH_QUERIES } from "../vector-stores/store-limits.ts";
import { type StoreBindings, type StoreObject, vectorStore } from "../vector-stores/vector-stores.ts";
import { BestRows } from "./best-rows.ts";
import { packQueries } from "./pack-queries.ts";
import { type ReadCounts, SegmentReader } from "./read-part.ts";
import { ScanMemory } from "./scan-memory.ts";
import { StoreScan } from "./scan-store.ts";
import { SegmentCache } from "./segment-cache.ts";
import { type StoreSnapshot, StoreViews } from "./store-view.ts";

type SearchEnv = Pick<StoreBindings, "VECTOR_STORES" | "VECTORS">;

/** Searches that wait or run: of one query, and of more. */
const MAX_SEARCHES = 16;
/** Milliseconds a search may take. Segments that it needs are still in R2 then. */
const MAX_SEARCH_MS = 25_000;
/** Scans of a search at the most: it is made anew if pictures that it found were changed or removed while it ran. */
const TRIES = 3;

const admission = new Admission(MAX_SEARCHES);
const queue = new ComputeQueue();
const views = new StoreViews();
const cache = new SegmentCache(new ScanMemory(kernel));
let searches = 0;

export default class Search extends WorkerEntrypoint<SearchEnv> implements SearchRpc {
  async search(request: SearchRequest, requestId: string): Promise<RpcResult<SearchResult>> {
    const result = rpcResult("search", requestId, () =>
      admission.admit(request.queries.length > 1 ? "large" : "small", (alive) =>
        withHeartbeat(alive, (signal) => search(this.env, request, signal)),
      ),
    );
    // If the client leaves, others may wait for what this search loads.
    this.ctx.waitUntil(result);
    const answer = await result;
    if (answer.ok) {
      const { scanned, reads, bytesRead } = answer.value;
      logCall("search", requestId, { scanned, reads, bytesRead });
    }
    return answer;
  }

  async stats(): Promise<WorkerStats> {
    return { wasmBytes: cache.memory.bytes, runs: searches, isolate: thisIsolate() };
  }
}

async function search(env: SearchEnv, request: SearchRequest, ended: AbortSignal): Promise<SearchResult> {
  searches++;
  const store = vectorStore(env, request.account, request.store);
  const counts: ReadCounts = { reads: 0, bytesRead: 0 };
  const reader = new SegmentReader(env.VECTORS, counts);
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new ServiceError("overloaded", "the search took too long; try again")),
    MAX_SEARCH_MS,
  );
  try {
    const signal = AbortSignal.any([ended, late.signal]);
    for (let tries = 1; ; tries++) {
      const result = await views.use(
        `${request.account}/${request.store}`,
        (known) => store.view(known),
        signal,
        async (view): Promise<SearchResult | "changed"> => {
          const snapshot = searchable(view, request);
          const queries = packQueries(request.queries, snapshot.width);
          // One more than is wanted tells whether there are more.
          const best = new BestRows(request.limit + 1, request.minScore);
          const scan = new StoreScan(cache, queue, snapshot, queries, request.filter, best);
          try {
            await scan.run(reader, signal);
          } finally {
            await reportDamage(scan, store);
          }
          const { rows } = best;
          const facts =
            rows.length === 0 ? new Map() : await store.describe(rows.map(({ number }) => number));
          if (facts.size < rows.length && tries < TRIES) return "changed";
          const found = rows.flatMap(({ number, score }): Match[] => {
            const picture = facts.get(number);
            return picture === undefined ? [] : [{ picture, score: Math.max(-1, Math.min(1, score)) }];
          });
          return {
            matches: found.slice(0, request.limit),
            hasMore: rows.length > request.limit,
            scanned: scan.scanned,
            ...counts,
          };
        },
      );
      if (result !== "changed") return result;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A segment that R2 has lost is written anew only if the store's object hears of it. Never throws. */
async function reportDamage({ damaged }: StoreScan, store: StoreObject): Promise<void> {
  if (damaged === undefined) return;
  await store.damaged(damaged).catch((error: unknown) => warn("damaged segment not reported", error));
}

/** @throws ServiceError if the store cannot be searched with this request */
function searchable(
  view: StoreSnapshot | "expired" | undefined,
  { store, model, queries }: SearchRequest,
): StoreSnapshot {
  if (view === undefined) {
    throw new ServiceError("vector_store_not_found", `there is no vector store ${store}`);
  }
  if (view === "expired") {
    throw new ServiceError("vector_store_expired", `the vector store ${store} has expired`);
  }
  if (view.model !== model) {
    throw new ServiceError(
      "store_model_mismatch",
      `the vector store ${store} was made with ${view.model} and cannot be searched with ${model}`,
    );
  }
  if (queries.length === 0 || queries.length > MAX_SEARCH_QUERIES) {
    throw new ServiceError("too_many_items", `a search has 1 to ${MAX_SEARCH_QUERIES} queries`);
  }
  if (queries.some(({ length }) => length !== view.width)) {
    throw new ServiceError("invalid_value", `vectors of ${store} have ${view.width} values`);
  }
  return view;
}
