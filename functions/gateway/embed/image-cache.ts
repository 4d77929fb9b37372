/**
 * Caches image embeddings in KV, by the hash of the picture's file and the model's revision. It is off unless the
 * deployment sets how long they are kept: a stored hash reveals that a picture was seen before, and the operator must
 * decide whether that is acceptable. The examples of an account's label sets, whose hashes are stored anyway, are cached
 * for the account alone.
 */
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { warn } from "../../runtime/warn.ts";
import type { Bindings } from "../bindings.ts";
import type { EmbedContext } from "./embed-context.ts";
import { hasChecksum, CHECKSUM_BYTES, writeChecksum } from "../../embed/checksum.ts";

/** Part of every key. Change it whenever the layout of the values or the preprocessing of pictures changes. */
const FORMAT = "image2";
/** Part of every key of pictures of an account's examples. */
const EXAMPLE_FORMAT = "example1";
/** Lifetime of an example, seconds: long enough to store a set in several requests. */
const EXAMPLE_TTL = 24 * 3600;
/** Most entries that the deletion of a set removes, because a request may ask KV 1,000 times. The others expire. */
const MAX_REMOVED = 500;
/** Entries removed at the same time. The platform lets at most six requests wait for headers. */
const REMOVED_AT_ONCE = 6;
/** KV's shortest lifetime, seconds. */
const MIN_TTL = 60;

/** How long the deployment keeps image embeddings, seconds; 0 if it keeps none. */
export function imageCacheTtl({ IMAGE_CACHE_TTL: ttl }: Pick<Bindings, "IMAGE_CACHE_TTL">): number {
  const seconds = Number(ttl ?? 0);
  return seconds > 0 ? Math.max(seconds, MIN_TTL) : 0;
}

export class ImageCache {
  readonly #kv: KVNamespace;
  readonly #revision: string;
  readonly #bytes: number;
  readonly #ttl: number;
  readonly #prefix: string;
  readonly #context: EmbedContext;

  /** The deployment's cache, if it has one. */
  static of(context: EmbedContext): ImageCache | undefined {
    const ttl = imageCacheTtl(context.env);
    return ttl > 0 ? new ImageCache(context, ttl, FORMAT) : undefined;
  }

  /** The cache of an account's examples. */
  static async ofExamples(account: string, context: EmbedContext): Promise<ImageCache> {
    return new ImageCache(context, EXAMPLE_TTL, await examplePrefix(account));
  }

  /**
   * Deletes examples of an account, as far as KV answers; what is left expires.
   * @param hashes of the pictures' files
   */
  static async removeExamples(
    kv: KVNamespace,
    account: string,
    hashes: readonly string[],
    revisions: readonly string[],
  ): Promise<void> {
    const prefix = await examplePrefix(account);
    const all = revisions.flatMap((revision) => hashes.map((sha256) => `${prefix}/${revision}/${sha256}`));
    const keys = all.slice(0, MAX_REMOVED);
    try {
      for (let first = 0; first < keys.length; first += REMOVED_AT_ONCE) {
        const some = keys.slice(first, first + REMOVED_AT_ONCE);
        await withDeadline(DEADLINES.kv, () => Promise.all(some.map((key) => kv.delete(key))));
      }
    } catch (error) {
      warn("image cache not writable", error);
    }
  }

  private constructor(context: EmbedContext, ttl: number, prefix: string) {
    this.#prefix = prefix;
    this.#context = context;
    this.#kv = context.env.CACHE;
    this.#revision = context.manifest.revision;
    this.#bytes = CHECKSUM_BYTES + context.manifest.embedding_width * Float32Array.BYTES_PER_ELEMENT;
    this.#ttl = ttl;
  }

  /** The cached embedding, float32. If KV fails, the embedding is computed again; the request does not fail. */
  async read(sha256: string): Promise<Float32Array | undefined> {
    const key = this.#key(sha256);
    try {
      const value = await this.#context.timings.measure("cache", () =>
        withDeadline(DEADLINES.kv, () => this.#kv.get(key, "arrayBuffer")),
      );
      if (value?.byteLength !== this.#bytes || !(await hasChecksum(new Uint8Array(value), key)))
        return undefined;
      return new Float32Array(value, CHECKSUM_BYTES);
    } catch (error) {
      warn("image cache not readable", error);
      return undefined;
    }
  }

  /** Stores an embedding after the response. */
  write(sha256: string, embedding: Float32Array): void {
    const key = this.#key(sha256);
    const written = this.#context.kvWrites.add(() => this.#put(key, embedding));
    this.#context.waitUntil(written.catch((error: unknown) => warn("image cache not writable", error)));
  }

  async #put(key: string, embedding: Float32Array): Promise<void> {
    const bytes = new Uint8Array(this.#bytes);
    new Float32Array(bytes.buffer, CHECKSUM_BYTES).set(embedding);
    await writeChecksum(bytes, key);
    await this.#kv.put(key, bytes, { expirationTtl: this.#ttl });
  }

  #key(sha256: string): string {
    return `${this.#prefix}/${this.#revision}/${sha256}`;
  }
}

async function examplePrefix(account: string): Promise<string> {
  // A hash, because KV limits the length of its keys.
  const owner = await sha256Hex(new TextEncoder().encode(account));
  return `${EXAMPLE_FORMAT}/${owner}`;
}
