/**
 * Text embeddings in KV. The key names the model's revision and the hash of the cleaned text, so an entry can never
 * be wrong, only missing: KV's delay between data centres is harmless, and KV failing costs time, not answers.
 */
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { decodeBase64, encodeBase64 } from "../images/base64.ts";

/** Part of every key; changes with the layout of the values. */
const FORMAT = "text1";
/** Keys that KV reads in one operation. */
const BULK_KEYS = 100;
/** Entries not asked for in this time go, so that the cache does not grow for ever. Seconds. */
const TIME_TO_LIVE = 30 * 24 * 3600;
/** KV operations an invocation may use on writes; 1,000 is the platform's limit for all of them. */
const MAX_WRITES = 900;

export class TextCache {
  readonly #kv: KVNamespace;
  readonly #revision: string;
  /** Bytes of a value. */
  readonly #bytes: number;

  constructor(kv: KVNamespace, revision: string, width: number) {
    this.#kv = kv;
    this.#revision = revision;
    this.#bytes = width * Float32Array.BYTES_PER_ELEMENT;
  }

  /**
   * The embeddings that are there, by text. Stops once more than `maxMissing` are not: the request is then refused,
   * and thousands of further reads would change nothing.
   */
  async read(texts: readonly string[], maxMissing: number): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    try {
      for (let start = 0; start < texts.length && start - found.size <= maxMissing; start += BULK_KEYS) {
        const some = texts.slice(start, start + BULK_KEYS);
        const keys = await Promise.all(some.map((text) => this.#key(text)));
        const values = await this.#kv.get(keys, "text");
        for (const [index, text] of some.entries()) {
          const embedding = this.#parse(values.get(keys[index] ?? ""));
          if (embedding !== undefined) found.set(text, embedding);
        }
      }
    } catch (error) {
      console.warn(JSON.stringify({ warning: "text cache not readable", error: String(error) }));
    }
    return found;
  }

  /** Stores embeddings; for `waitUntil`, it never rejects. */
  async write(embeddings: ReadonlyMap<string, Float32Array>): Promise<void> {
    const entries = [...embeddings].slice(0, MAX_WRITES);
    const results = await Promise.allSettled(
      entries.map(async ([text, embedding]) => {
        const bytes = new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength);
        await this.#kv.put(await this.#key(text), encodeBase64(bytes), { expirationTtl: TIME_TO_LIVE });
      }),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      console.warn(JSON.stringify({ warning: "text cache not writable", error: String(failed.reason) }));
    }
  }

  async #key(text: string): Promise<string> {
    return `${FORMAT}/${this.#revision}/${await sha256Hex(new TextEncoder().encode(text))}`;
  }

  /** Base64 of little-endian float32: KV reads many values in one operation only as text. */
  #parse(value: string | null | undefined): Float32Array | undefined {
    const bytes = value == null ? undefined : decodeBase64(value);
    return bytes?.byteLength === this.#bytes ? new Float32Array(bytes.buffer) : undefined;
  }
}
