/**
 * The token embedding table. Verified chunks of it are read when texts need them. A text uses a few of the 49,408 rows,
 * and common words share a few chunks, so most of the table is never in the isolate.
 */
import type { TokenEmbedding } from "../../model-shards/manifest.ts";
import { LruCache } from "../runtime/memory-cache.ts";
import type { Part, Place } from "../runtime/model-store/arrivals.ts";
import { downloadParts } from "../runtime/model-store/download-parts.ts";
import type { ModelSource } from "../runtime/model-store/model-source.ts";
import { hasCache } from "../runtime/model-store/shards-cache.ts";

/** Most bytes of chunks to keep. */
const CACHE_BYTES = 12_000_000;
/** Number of chunks that the data center's cache stores and returns together. */
const GROUP = 8;
/**
 * Most groups that a call requests from the cache, because each may count as a Worker that the request invokes. Others
 * come from R2.
 */
const MAX_ANSWERS = 4;

/** Returns the rows of tokens whose chunks have been read: float32, `ids.length × width`, in a new buffer. */
export type TokenRows = (ids: Int32Array) => Float32Array<ArrayBuffer>;

export class TokenTable {
  readonly #source: ModelSource;
  readonly #table: TokenEmbedding;
  /** Chunk index → its bytes. */
  readonly #chunks = new LruCache<number, Uint8Array>(CACHE_BYTES, ({ byteLength }) => byteLength);

  constructor(source: ModelSource, table: TokenEmbedding) {
    this.#source = source;
    this.#table = table;
  }

  /**
   * Reads the chunks that these tokens need.
   * @param ids each in [0, rows)
   * @returns a function that converts rows of these tokens. It is called for some tokens at a time, because 1,000 long
   * texts take 200 MB as float32
   * @throws ServiceError `model_unavailable` if a chunk cannot be read or its hash is wrong
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

  /**
   * The chunks of all `indices`, from the cache or read now. The caller holds them even if the table cannot keep all.
   */
  async #load(indices: number[]): Promise<Map<number, Uint8Array>> {
    const loaded = new Map<number, Uint8Array>();
    const missing: number[] = [];
    for (const index of indices) {
      const chunk = this.#chunks.get(index);
      if (chunk === undefined) missing.push(index);
      else loaded.set(index, chunk);
    }
    if (missing.length > 0) await this.#read(missing, loaded);
    for (const [index, chunk] of loaded) this.#chunks.set(index, chunk);
    return loaded;
  }

  /** Reads the missing chunks. The data center's cache returns the other chunks of their groups too. */
  async #read(missing: readonly number[], loaded: Map<number, Uint8Array>): Promise<void> {
    const groups = [...new Set(missing.map((index) => Math.floor(index / GROUP)))].slice(0, MAX_ANSWERS);
    const ofCache = hasCache() ? groups.map((group) => this.#chunksOf(group)) : [];
    const indices = [...new Set([...ofCache.flat(), ...missing])];
    const parts = indices.map((index) => this.#part(index));
    const places = parts.map(({ bytes }) => new Uint8Array(bytes));
    const place = async (at: number): Promise<Place> => {
      const buffer = places[at] ?? new Uint8Array(0);
      return () => buffer;
    };
    const positions = new Map(indices.map((index, at) => [index, at]));
    const answers = ofCache.map((chunks) => chunks.map((index) => positions.get(index) ?? 0));
    const download = { parts, answers, place, onProgress: () => {} };
    for await (const at of downloadParts(this.#source, download)) {
      const [index, chunk] = [indices[at], places[at]];
      if (index !== undefined && chunk !== undefined) loaded.set(index, chunk);
    }
  }

  #chunksOf(group: number): number[] {
    const first = GROUP * group;
    const last = Math.min(first + GROUP, this.#table.chunk_sha256.length);
    return Array.from({ length: last - first }, (_, i) => first + i);
  }

  #part(index: number): Part {
    const {
      file,
      rows,
      rows_per_chunk: rowsPerChunk,
      row_bytes: rowBytes,
      chunk_sha256: hashes,
    } = this.#table;
    const start = index * rowsPerChunk;
    return {
      file,
      offset: start * rowBytes,
      bytes: Math.min(rowsPerChunk, rows - start) * rowBytes,
      sha256: hashes[index] ?? "",
    };
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
