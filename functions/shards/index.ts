/**
 * The shards Worker: serves model files by `fetch`, behind the data center's cache. It does nothing else, so that the
 * cache can answer in its place. The platform caches whole answers of a Worker's entrypoint (`cache` in
 * `wrangler.toml`), in the data center and in one above it. Of several simultaneous requests, only one runs this code;
 * the others get its answer while it arrives. An answer is valid for ever, because its address names a revision. Errors
 * are never cached.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { MANIFEST_FILE } from "../../model-shards/model-files.ts";
import { Admission } from "../runtime/sharing/admission.ts";
import { ServiceError } from "../runtime/errors.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import type { ShardsFetcher } from "../runtime/model-store/shards-cache.ts";
import { parseAsked, type Slice } from "../runtime/model-store/slices.ts";
import { MissingSliceError, readSlices } from "./read-slices.ts";

interface ShardsEnv {
  MODELS: R2Bucket;
}

/** Most answers at once, of about 7 MB each. Further requests are refused, and their senders read R2 instead. */
const MAX_ANSWERS = 12;

const KEPT_FOR_EVER = {
  "cache-control": "public, max-age=31536000, immutable",
  "content-type": "application/octet-stream",
};

const admission = new Admission(MAX_ANSWERS);

export default class Shards extends WorkerEntrypoint<ShardsEnv> implements Pick<ShardsFetcher, "forget"> {
  override async fetch(request: Request): Promise<Response> {
    if (request.method !== "GET") return refusal(405, `${request.method} is not supported; use GET`);
    const asked = parseAsked(new URL(request.url));
    if (asked === undefined) return refusal(400, "the address names no model file");
    try {
      const { prefix, slices } = asked;
      return slices === undefined ? await this.#manifest(prefix) : await this.#slices(prefix, slices);
    } catch (error) {
      console.error(JSON.stringify({ worker: "shards", error: String(error) }));
      if (error instanceof MissingSliceError) return refusal(404, error.message);
      if (error instanceof ServiceError) return refusal(503, error.message);
      return refusal(502, "R2 could not be read");
    }
  }

  /**
   * Removes a revision from the cache, because some of its bytes are damaged. Otherwise they would stay damaged as long
   * as the entry lives, and each use would cost a read of R2. Called by RPC, which bypasses the cache.
   * @param prefix `<alias>/<revision>`
   * @throws Error if the platform refuses
   */
  async forget(prefix: string): Promise<void> {
    const result = await this.ctx.cache?.purge({ pathPrefixes: [`/${prefix}`] });
    if (result?.success === false) {
      throw new Error(`the cache was not purged: ${JSON.stringify(result.errors)}`);
    }
  }

  async #manifest(prefix: string): Promise<Response> {
    const key = `${prefix}/${MANIFEST_FILE}`;
    const object = await withDeadline(DEADLINES.r2, () => this.env.MODELS.get(key));
    if (object === null) throw new MissingSliceError(`${key} is not in R2`);
    return new Response(object.body, { headers: KEPT_FOR_EVER });
  }

  /**
   * If the first slice is missing, the request is refused. If a later one is missing, the answer breaks off and is not
   * cached.
   */
  async #slices(prefix: string, slices: readonly Slice[]): Promise<Response> {
    const { promise: begun, resolve, reject } = Promise.withResolvers<ReadableStream<Uint8Array>>();
    const answer = admission.admit("large", async (alive) => {
      const pieces = readSlices(this.env.MODELS, prefix, slices);
      let piece = await pieces.next();
      const { readable, writable } = new FixedLengthStream(
        slices.reduce((sum, { length }) => sum + length, 0),
      );
      resolve(readable);
      const writer = writable.getWriter();
      try {
        for (; piece.done !== true; piece = await pieces.next()) {
          await writer.write(piece.value);
          freeBuffer(piece.value);
          alive();
        }
        await writer.close();
      } catch (error) {
        await writer.abort(error).catch(() => {});
        throw error;
      }
    });
    this.ctx.waitUntil(answer.catch(reject));
    return new Response(await begun, { headers: KEPT_FOR_EVER });
  }
}

function refusal(status: number, message: string): Response {
  return new Response(`${message}\n`, { status, headers: { "cache-control": "no-store" } });
}
