/**
 * The shards Worker as those see it who ask it: through the data center's cache, where the platform has one. Whether it has
 * is in the header that the cache adds to every answer; the manifest is asked for first, so that nothing is spent on finding
 * out. Without a cache, the way through another Worker would bring nothing, and R2 is read as if there were no such Worker.
 */
import { DEADLINES, withDeadline } from "../deadline.ts";
import { warn } from "../warn.ts";

/** The binding. */
export interface ShardsFetcher {
  fetch(url: string): Promise<Response>;
  /** Has the cache forget what it keeps of a revision. @param prefix `<alias>/<revision>` */
  forget(prefix: string): Promise<void>;
}

/** Where an answer came from: kept in the data center, or read from R2 on the way. */
export type Origin = "cache" | "r2";

export interface CacheAnswer {
  response: Response;
  body: ReadableStream<Uint8Array>;
  origin: Origin;
}

/** The host of a service binding's address means nothing. */
const HOST = "https://shards";

/** Values of the header for an answer that was kept. */
const KEPT = new Set(["HIT", "STALE", "UPDATING", "REVALIDATED"]);

/** What answers of this isolate have told. */
let isThere = false;

/** Whether the platform has a cache, as far as the isolate has seen. */
export function hasCache(): boolean {
  return isThere;
}

/** @throws Error for silence, or what is not a whole answer */
export async function askShards(shards: ShardsFetcher, path: string): Promise<CacheAnswer> {
  const response = await withDeadline(DEADLINES.cache, () => shards.fetch(HOST + path));
  const status = response.headers.get("cf-cache-status");
  isThere = status !== null;
  const { body } = response;
  if (response.status !== 200 || body === null) {
    await body?.cancel();
    throw new Error(`the shards Worker answers ${response.status}`);
  }
  return { response, body, origin: status !== null && KEPT.has(status) ? "cache" : "r2" };
}

/** One line of the log for what the cache should have given and did not, or gave wrongly. @param what which files, and why */
export function warnOfCache(what: string): void {
  warn("not as it should be in the data center's cache, read from R2", what);
}

/** Has the cache forget damaged bytes, which it would keep. Not waited for. @param prefix `<alias>/<revision>` */
export function forgetDamaged(shards: ShardsFetcher, prefix: string): void {
  shards.forget(prefix).catch((error: unknown) => warn("the data center's cache keeps damaged bytes", error));
}
