/**
 * The token embedding table. Verified chunks of it are read when texts need them. A text uses a few of the 49,408 rows,
 * and common words share a few chunks, so most of the table is never in the isolate.
 */
import type { TokenEmbedding } from "../../model-shards/manifest.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { LruCache } from "../runtime/memory-cache.ts";
import type { Part, Place } from "../runtime/model-store/arrivals.ts";
import { downloadParts } from "../runtime/model-store/download-parts.ts";
import type { ModelSource } from "../runtime/model-store/model-source.ts";
import { hasCache } from "../runtime/model-store/shards-cache.ts";
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";

/** Most bytes of chunks that a request reads at a time. Then it keeps only the rows that it needs. */
const BATCH_BYTES = 6_000_000;
/** Most bytes of chunks that all requests of the isolate read at a time. The others wait in line. */
const MAX_BYTES_UNDER_WAY = 8_000_000;
/** How often a waiting request looks whether there is room. */
const POLL_MS = 20;
/** Milliseconds without a sign of life after which a batch does not count any more, see `sign-of-life.ts`. */
const EXPIRY_MS = 20_000;
/** Number of chunks that the data center's cache stores and returns together. */
const GROUP = 8;
/**
 * Most groups that a call requests from the cache, because each may count as a Worker that the request invokes. Others
 * come from R2.
 */
const MAX_ANSWERS = 4;

/** Milliseconds without a poll after which a batch has no place in line any more. */
const PATIENCE_MS = 2_000;

/** Rows that were read. */
export interface TokenRows {
  /**
   * Rows of some of these tokens: float32, `ids.length × width`, in a new buffer. Some at a time, because 1,000 long
   * texts take 200 MB as float32.
   */
  of(ids: Int32Array): Float32Array<ArrayBuffer>;
  /** Frees their memory; nothing is asked of them afterwards. */
  free(): void;
}

export interface ReadOptions {
  /** False if the request has read rows before: only its first batch comes from the data center's cache. */
  isFirst?: boolean;
  signal?: AbortSignal;
}

/** Chunks that are read together. */
interface Batch {
  indices: number[];
  /** Groups of chunks to request from the cache. */
  groups: number[][];
}

export class TokenTable {
  readonly #source: ModelSource;
  readonly #table: TokenEmbedding;
  /** Chunk index → its bytes, which are freed with the entry: nobody else keeps them. */
  readonly #chunks: LruCache<number, Uint8Array>;
  /** Batches that are being read → their bytes. */
  readonly #underWay = new Map<SignOfLife, number>();
  /** Batches that wait for room, in the order in which they came. */
  readonly #line = new Set<SignOfLife>();

  /** @param kept most bytes of chunks to keep */
  constructor(source: ModelSource, table: TokenEmbedding, kept: number) {
    this.#source = source;
    this.#table = table;
    this.#chunks = new LruCache(
      kept,
      ({ byteLength }) => byteLength,
      (chunk) => freeBuffer(chunk),
    );
  }

  /**
   * Reads the rows that these tokens need. The caller holds these rows only, not their chunks.
   * @param ids each in [0, rows)
   * @throws ServiceError `model_unavailable` if a chunk cannot be read or its hash is wrong; the signal's reason
   */
  async read(ids: Int32Array, options: ReadOptions = {}): Promise<TokenRows> {
    const { row_bytes: rowBytes, width } = this.#table;
    /** Token → the position of its row in `held`. */
    const places = new Map<number, number>();
    for (const id of ids) if (!places.has(id)) places.set(id, places.size);
    const held = new Uint8Array(places.size * rowBytes);
    await this.#copyRows(places, held, options);
    return {
      of: (some) => {
        const values = new Float32Array(some.length * width);
        for (const [position, id] of some.entries()) {
          const place = places.get(id);
          if (place === undefined) throw new Error(`the row of token ${id} was not read`);
          const start = place * rowBytes;
          decodeRow(
            held.subarray(start, start + rowBytes),
            values.subarray(position * width, (position + 1) * width),
          );
        }
        return values;
      },
      free: () => freeBuffer(held),
    };
  }

  /** Copies the tokens' rows to their places, from chunks in the isolate's memory or read now, a batch at a time. */
  async #copyRows(
    places: ReadonlyMap<number, number>,
    held: Uint8Array,
    { isFirst = true, signal }: ReadOptions,
  ): Promise<void> {
    const { rows_per_chunk: rowsPerChunk, row_bytes: rowBytes } = this.#table;
    /** Chunk index → tokens whose rows are missing. */
    const missing = new Map<number, number[]>();
    for (const id of places.keys()) {
      const index = Math.floor(id / rowsPerChunk);
      const tokens = missing.get(index);
      if (tokens === undefined) missing.set(index, [id]);
      else tokens.push(id);
    }
    const take = (index: number, chunk: Uint8Array): void => {
      for (const id of missing.get(index) ?? []) {
        const start = (id % rowsPerChunk) * rowBytes;
        held.set(chunk.subarray(start, start + rowBytes), (places.get(id) ?? 0) * rowBytes);
      }
      missing.delete(index);
    };
    let isOfCache = isFirst;
    let sign = new SignOfLife();
    try {
      for (;;) {
        signal?.throwIfAborted();
        for (const index of missing.keys()) {
          const chunk = this.#chunks.get(index);
          if (chunk !== undefined) take(index, chunk);
        }
        if (missing.size === 0) return;
        const batch = this.#nextBatch([...missing.keys()], isOfCache && hasCache());
        if (!this.#mayBegin(batch.indices, sign)) {
          await scheduler.wait(POLL_MS);
          continue;
        }
        isOfCache = false;
        const begun = sign;
        await this.#readBatch(batch, () => begun.renew(), take);
        this.#underWay.delete(begun);
        sign = new SignOfLife();
      }
    } finally {
      this.#underWay.delete(sign);
      this.#line.delete(sign);
    }
  }

  /** @param ofCache true to request whole groups of chunks from the cache */
  #nextBatch(missing: readonly number[], ofCache: boolean): Batch {
    const most = Math.max(1, Math.floor(BATCH_BYTES / (this.#table.rows_per_chunk * this.#table.row_bytes)));
    if (!ofCache) return { indices: missing.slice(0, most), groups: [] };
    const groups = [...new Set(missing.map((index) => Math.floor(index / GROUP)))]
      .slice(0, Math.min(MAX_ANSWERS, Math.max(1, Math.floor(most / GROUP))))
      .map((group) => this.#chunksOf(group));
    return { indices: groups.flat(), groups };
  }

  /**
   * Makes room for a batch, once those that came before have theirs.
   * @param sign of the batch; it is in line until there is room
   */
  #mayBegin(indices: readonly number[], sign: SignOfLife): boolean {
    const bytes = indices.reduce((sum, index) => sum + this.#part(index).bytes, 0);
    let total = bytes;
    for (const [other, others] of this.#underWay) {
      if (other.isOlderThan(EXPIRY_MS)) this.#underWay.delete(other);
      else total += others;
    }
    sign.renew();
    this.#line.add(sign);
    for (const other of this.#line) if (other.isOlderThan(PATIENCE_MS)) this.#line.delete(other);
    const [first] = this.#line;
    if (first !== sign || (this.#underWay.size > 0 && total > MAX_BYTES_UNDER_WAY)) return false;
    this.#line.delete(sign);
    this.#underWay.set(sign, bytes);
    return true;
  }

  /** @param take called with each chunk once it is verified */
  async #readBatch(
    { indices, groups }: Batch,
    onProgress: () => void,
    take: (index: number, chunk: Uint8Array) => void,
  ): Promise<void> {
    const parts = indices.map((index) => this.#part(index));
    const places = parts.map(({ bytes }) => new Uint8Array(bytes));
    const place = async (at: number): Promise<Place> => {
      const buffer = places[at] ?? new Uint8Array(0);
      return () => buffer;
    };
    const positions = new Map(indices.map((index, at) => [index, at]));
    const answers = groups.map((chunks) => chunks.map((index) => positions.get(index) ?? 0));
    for await (const at of downloadParts(this.#source, { parts, answers, place, onProgress })) {
      const [index, chunk] = [indices[at], places[at]];
      if (index === undefined || chunk === undefined) continue;
      take(index, chunk);
      this.#chunks.set(index, chunk);
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
