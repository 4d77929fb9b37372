/**
 * The token embedding table, read from R2 in verified chunks as texts need them. A text uses a handful of the
 * 49,408 rows and common words share a few chunks, so most of the table never enters the isolate.
 */
import type { TokenEmbedding } from "../../model-shards/manifest.ts";
import { LruCache } from "../runtime/memory-cache.ts";
import { type ObjectReader, readVerified } from "../runtime/model-store/read-verified.ts";

/** Bytes of chunks kept. */
const CACHE_BYTES = 12_000_000;
/** A request may wait for the headers of six responses at once. */
const CONCURRENT_READS = 6;

/** Rows of tokens that have been read: float32, `ids.length × width`, in a buffer of their own. */
export type TokenRows = (ids: Int32Array) => Float32Array<ArrayBuffer>;

export class TokenTable {
  readonly #bucket: ObjectReader;
  readonly #key: string;
  readonly #table: TokenEmbedding;
  /** Chunk index → its bytes. */
  readonly #chunks = new LruCache<number, Uint8Array>(CACHE_BYTES, ({ byteLength }) => byteLength);

  constructor(bucket: ObjectReader, prefix: string, table: TokenEmbedding) {
    this.#bucket = bucket;
    this.#key = `${prefix}/${table.file}`;
    this.#table = table;
  }

  /**
   * Reads what some tokens need.
   * @param ids each in [0, rows)
   * @returns for these tokens, or some of them at a time: 1,000 long texts are 200 MB as floats
   * @throws ServiceError `model_unavailable` if a chunk cannot be read or is not what the manifest says
   */
  async read(ids: Int32Array): Promise<TokenRows> {
    const { rows_per_chunk: rowsPerChunk, row_bytes: rowBytes, width } = this.#table;
    const needed = [...new Set(Array.from(ids, (id) => Math.floor(id / rowsPerChunk)))];
    const chunks = await this.#load(needed);
    return (some) => {
      const values = new Float32Array(some.length * width);
      for (const [position, id] of some.entries()) {
        const chunk = chunks.get(Math.floor(id / rowsPerChunk));
        if (chunk === undefined) throw new Error(`token ${id} has no chunk`);
        const start = (id % rowsPerChunk) * rowBytes;
        decodeRow(
          chunk.subarray(start, start + rowBytes),
          values.subarray(position * width, (position + 1) * width),
        );
      }
      return values;
    };
  }

  /** All of `indices`, from the cache or R2; held by the caller even if the cache cannot hold them all. */
  async #load(indices: number[]): Promise<Map<number, Uint8Array>> {
    const loaded = new Map<number, Uint8Array>();
    const missing: number[] = [];
    for (const index of indices) {
      const chunk = this.#chunks.get(index);
      if (chunk === undefined) missing.push(index);
      else loaded.set(index, chunk);
    }
    const queue = missing.values();
    const readers = Array.from({ length: Math.min(CONCURRENT_READS, missing.length) }, async () => {
      for (const index of queue) loaded.set(index, await this.#read(index));
    });
    await Promise.all(readers);
    for (const [index, chunk] of loaded) this.#chunks.set(index, chunk);
    return loaded;
  }

  async #read(index: number): Promise<Uint8Array> {
    const { rows, rows_per_chunk: rowsPerChunk, row_bytes: rowBytes, chunk_sha256: hashes } = this.#table;
    const start = index * rowsPerChunk;
    return await readVerified(this.#bucket, this.#key, {
      offset: start * rowBytes,
      bytes: Math.min(rowsPerChunk, rows - start) * rowBytes,
      sha256: hashes[index] ?? "",
    });
  }
}

/** One row in either layout of `model-shards/manifest.ts`: scale and int8 values, or float32 values. */
function decodeRow(row: Uint8Array, out: Float32Array): void {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  if (row.byteLength === 4 * out.length) {
    for (let i = 0; i < out.length; i++) out[i] = view.getFloat32(4 * i, true);
    return;
  }
  const scale = view.getFloat32(0, true);
  for (let i = 0; i < out.length; i++) out[i] = scale * view.getInt8(4 + i);
}
