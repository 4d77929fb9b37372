/**
 * Requests files from the shards Worker through the data center's cache, if the platform has one. The cache adds a
 * header to every answer, which shows that it exists; the manifest is requested first, so no extra request is needed.
 * Without a cache, the shards Worker has no advantage, and R2 is read directly.
 */
import { DEADLINES, withDeadline } from "../deadline.ts";
import { warn } from "../warn.ts";

/** The binding to the shards Worker. */
export interface ShardsFetcher {
  fetch(url: string): Promise<Response>;
  /** Removes a revision's files from the cache. @param prefix `<alias>/<revision>` */
  forget(prefix: string): Promise<void>;
}

/** Where an answer came from: the data center's cache, or R2 by way of the shards Worker. */
export type Origin = "cache" | "r2";

export interface CacheAnswer {
  response: Response;
  body: ReadableStream<Uint8Array>;
  origin: Origin;
}

/** A service binding ignores the host of a URL. */
const HOST = "https://shards";

/** Values of the header for an answer from the cache. */
const KEPT = new Set(["HIT", "STALE", "UPDATING", "REVALIDATED"]);

/** Least milliseconds between two removals of a revision by this isolate. */
const FORGET_EVERY_MS = 60_000;

/**
 * True if any answer in this isolate came with the header of a cache. It stays true: nothing else asks again, so one
 * answer without the header would turn the cache off for as long as the isolate lives.
 */
let isThere = false;
/** Prefix → when this isolate last had it removed from the cache. */
const forgotten = new Map<string, number>();

/** True if an answer in this isolate showed that the platform has a cache. */
export function hasCache(): boolean {
  return isThere;
}

/** @throws Error if there is no answer in time, or not a complete one */
export async function askShards(shards: ShardsFetcher, path: string): Promise<CacheAnswer> {
  const asked = shards.fetch(HOST + path);
  const response = await withDeadline(DEADLINES.cache, () => asked).catch((error: unknown) => {
    // An answer that comes too late would otherwise stay open, with what it holds in the shards Worker.
    asked.then(({ body }) => body?.cancel()).catch(() => {});
    throw error;
  });
  const status = response.headers.get("cf-cache-status");
  isThere ||= status !== null;
  const { body } = response;
  if (response.status !== 200 || body === null) {
    await body?.cancel();
    throw new Error(`the shards Worker answers ${response.status}`);
  }
  return { response, body, origin: status !== null && KEPT.has(status) ? "cache" : "r2" };
}

/**
 * True if the cache keeps an answer that has fewer bytes than it should: an answer may also end early on its way. It
 * asks once more, and counts what comes. It throws nothing.
 * @param length bytes that the answer should have
 */
export async function isKeptShort(shards: ShardsFetcher, path: string, length: number): Promise<boolean> {
  try {
    const { body, origin } = await askShards(shards, path);
    let bytes = 0;
    await withDeadline(DEADLINES.cache, async (alive) => {
      for await (const piece of body) {
        bytes += piece.length;
        alive();
      }
    });
    return origin === "cache" && bytes < length;
  } catch {
    return false;
  }
}

/** Logs files that the cache should have returned but did not, or returned damaged. @param what which files, and why */
export function warnOfCache(what: string): void {
  warn("missing or damaged in the data center's cache, read from R2", what);
}

/**
 * Removes a revision, of which some bytes are damaged, from the cache, which would keep them. At most once a minute.
 * Call it only once R2's bytes proved right; otherwise the cache gets damaged bytes again. Await it, because the call
 * would end with the request. It throws nothing.
 * @param prefix `<alias>/<revision>`
 */
export async function forgetDamaged(shards: ShardsFetcher, prefix: string): Promise<void> {
  const now = Date.now();
  if (now - (forgotten.get(prefix) ?? -FORGET_EVERY_MS) < FORGET_EVERY_MS) return;
  forgotten.set(prefix, now);
  await withDeadline(DEADLINES.cache, () => shards.forget(prefix)).catch((error: unknown) =>
    warn("the data center's cache keeps damaged bytes", error),
  );
}
