/**
 * Caches text embeddings in KV. The key names the model's revision and the hash of the cleaned texts, and the value has
 * a checksum. So an entry is never wrong, only missing: KV's delay between data centers does no harm, and if KV fails,
 * the embedding is computed again.
 *
 * `promptsKey` names a vector everywhere: in KV, in the isolate's memory and within a request.
 */
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import type { CleanText } from "../../runtime/tokenizer/clean-text.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import type { EmbeddedText } from "../../embed/compute-prompts.ts";
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { warn } from "../../runtime/warn.ts";
import type { KvWrites } from "./kv-writes.ts";
import { hasChecksum, CHECKSUM_BYTES, writeChecksum } from "../../embed/checksum.ts";

/** Part of every key. Change it whenever the layout of the values or the names from `promptsKey` change. */
const FORMAT = "text4";
/** Keys that KV reads in one operation. */
export const KV_BULK_KEYS = 100;
/** Lifetime of an entry, seconds, so that the cache does not grow without end. */
const TIME_TO_LIVE = 30 * 24 * 3600;
/** KV writes that an invocation may make. The platform's limit for all KV operations is 1,000. */
const MAX_WRITES = 900;
/** Bytes before the embedding: the checksum; tokens, uint32; truncated or not, uint32. */
const HEADER_BYTES = CHECKSUM_BYTES + 8;

export type CachedText = EmbeddedText;

declare const named: unique symbol;

/** Names the vector that a list of cleaned texts gives. */
export type PromptsKey = string & { readonly [named]: true };

/** The texts themselves, one on each line: a cleaned text has no line breaks. */
export function promptsKey(prompts: readonly CleanText[]): PromptsKey {
  return prompts.join("\n") as PromptsKey;
}

export class TextCache {
  readonly #kv: KVNamespace;
  readonly #revision: string;
  /** Bytes of a value. */
  readonly #bytes: number;
  readonly #writes: KvWrites;

  constructor(kv: KVNamespace, revision: string, width: number, writes: KvWrites) {
    this.#kv = kv;
    this.#writes = writes;
    this.#revision = revision;
    this.#bytes = HEADER_BYTES + width * Float32Array.BYTES_PER_ELEMENT;
  }

  /** The embeddings that are in the cache. */
  async read(names: readonly PromptsKey[]): Promise<Map<PromptsKey, CachedText>> {
    const found = new Map<PromptsKey, CachedText>();
    try {
      for (let start = 0; start < names.length; start += KV_BULK_KEYS) {
        const some = names.slice(start, start + KV_BULK_KEYS);
        const keys = await this.#keys(some);
        const values = await withDeadline(DEADLINES.kv, () => this.#kv.get(keys, "text"));
        for (const [index, name] of some.entries()) {
          const key = keys[index] ?? "";
          const entry = await this.#parse(key, values.get(key));
          if (entry !== undefined) found.set(name, entry);
        }
      }
    } catch (error) {
      warn("text cache not readable", error);
    }
    return found;
  }

  /**
   * Stores embeddings. It never rejects, so it can be passed to `waitUntil`. While it writes, it does not hold the names,
   * which may be as long as a request's body.
   */
  write(vectors: ReadonlyMap<PromptsKey, CachedText>): Promise<void> {
    const entries = [...vectors].slice(0, MAX_WRITES);
    const texts = entries.map(([, text]) => text);
    return this.#keys(entries.map(([name]) => name)).then((keys) => this.#put(keys, texts));
  }

  async #put(keys: readonly string[], texts: readonly CachedText[]): Promise<void> {
    const results = await Promise.allSettled(
      texts.map(async (text, index) => {
        const key = keys[index] ?? "";
        await this.#writes.add(async () => {
          await this.#kv.put(key, await this.#format(key, text), { expirationTtl: TIME_TO_LIVE });
        });
      }),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      warn("text cache not writable", failed.reason);
    }
  }

  /** One after the other, because the prompts of a label may be a megabyte. */
  async #keys(names: readonly PromptsKey[]): Promise<string[]> {
    const keys: string[] = [];
    for (const name of names) {
      const bytes = new TextEncoder().encode(name);
      keys.push(`${FORMAT}/${this.#revision}/${await sha256Hex(bytes)}`);
      freeBuffer(bytes);
    }
    return keys;
  }

  /** Values are stored as base64, because KV reads many values in one operation only as text. Little-endian. */
  async #format(key: string, { embedding, tokens, truncated }: CachedText): Promise<string> {
    const bytes = new Uint8Array(this.#bytes);
    new Uint32Array(bytes.buffer, CHECKSUM_BYTES, 2).set([tokens, truncated ? 1 : 0]);
    new Float32Array(bytes.buffer, HEADER_BYTES).set(embedding);
    await writeChecksum(bytes, key);
    return encodeBase64(bytes);
  }

  async #parse(key: string, value: string | null | undefined): Promise<CachedText | undefined> {
    const bytes = value == null ? undefined : decodeBase64(value);
    if (bytes?.byteLength !== this.#bytes || !(await hasChecksum(bytes, key))) return undefined;
    const [tokens = 0, truncated] = new Uint32Array(bytes.buffer, CHECKSUM_BYTES, 2);
    return { embedding: new Float32Array(bytes.buffer, HEADER_BYTES), tokens, truncated: truncated === 1 };
  }
}
