/**
 * Compares queries with every picture of a store. What is in memory comes first, in few pieces of work; then segments
 * as they arrive from R2. No piece takes much longer than `PIECE_COST` allows, and other searches have their turns
 * between two of them (`runtime/sharing/compute-queue.ts`).
 */
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { ServiceError } from "../runtime/errors.ts";
import type { ComputeQueue } from "../runtime/sharing/compute-queue.ts";
import { warn } from "../runtime/warn.ts";
import { GroupReader } from "../vector-stores/attribute-columns.ts";
import { combinedRows, comparisonsOf, passesFilter, passingRows } from "../vector-stores/evaluate-filter.ts";
import { DamagedSegmentError } from "../vector-stores/segment-header.ts";
import type { Comparison, Filter } from "../vector-stores/filter.ts";
import { groupOf, pageRows, rowBytes, rowsPerPage } from "../vector-stores/segment-layout.ts";
import type { SegmentRef } from "../vector-stores/store-state-rpc.ts";
import { BestRows } from "./best-rows.ts";
import { isSet } from "./open-rows.ts";
import type { PackedQueries } from "./pack-queries.ts";
import type { Bits } from "./scan-memory.ts";
import type { Loading, SegmentCache } from "./segment-cache.ts";
import type { StoreSnapshot } from "./store-view.ts";

/** Cost of a piece of work, in bytes of rows that one query reads; some milliseconds. */
const PIECE_COST = 100_000_000;
/** What a byte of attributes costs that is decoded, and a row for each comparison, in the same unit. */
const ATTRIBUTE_BYTE_COST = 20;
const COMPARED_ROW_COST = 400;
/** Segments that one search loads at the same time. The platform lets six answers of R2 wait. */
const LOADS_AT_ONCE = 4;

/** A segment that has not been scanned yet. */
interface Task {
  ref: SegmentRef;
  isDone: boolean;
  /** Rows that pass each comparison, as far as they are known. */
  passing: Map<Comparison, Bits>;
}

/** What must be loaded before a task can go on: the column of a key, or the pages. */
type Missing = { key: string } | "pages";

export class StoreScan {
  readonly #cache: SegmentCache;
  readonly #queue: ComputeQueue;
  readonly #store: StoreSnapshot;
  readonly #queries: PackedQueries;
  readonly #filter: Filter | null;
  readonly #comparisons: readonly Comparison[];
  readonly best: BestRows;
  /** Rows that were compared. */
  scanned = 0;
  /** Key of a segment that was damaged however often it was read. */
  damaged: string | undefined;
  /** Cost of all work so far. */
  #spent = 0;

  /** @param best takes the rows */
  constructor(
    cache: SegmentCache,
    queue: ComputeQueue,
    store: StoreSnapshot,
    queries: PackedQueries,
    filter: Filter | null,
    best: BestRows,
  ) {
    this.#cache = cache;
    this.#queue = queue;
    this.#store = store;
    this.#queries = queries;
    this.#filter = filter;
    this.#comparisons = filter === null ? [] : comparisonsOf(filter);
    this.best = best;
  }

  /** @throws ServiceError `overloaded` if R2 does not give a segment; the signal's reason */
  async run(reader: Loading["reader"], signal: AbortSignal): Promise<void> {
    const { segments } = this.#store;
    const failure = new AbortController();
    const needed = new Set(segments.map(({ key }) => key));
    const loading: Loading = { reader, needed, signal: AbortSignal.any([signal, failure.signal]) };
    const cold = await this.#scanMemory(signal);
    const lane = async (): Promise<void> => {
      for (let task = cold.shift(); task !== undefined; task = cold.shift())
        await this.#finish(task, loading);
    };
    try {
      await Promise.all(Array.from({ length: LOADS_AT_ONCE }, lane));
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  }

  /** Scans what is in memory. @returns the segments that are not */
  async #scanMemory(signal: AbortSignal): Promise<Task[]> {
    const tasks = this.#store.segments.map((ref): Task => ({ ref, isDone: false, passing: new Map() }));
    const cold: Task[] = [];
    await this.#queue.run(() => this.#scanOpen(), signal);
    let end = PIECE_COST;
    while (tasks.length > 0) {
      await this.#queue.run(() => {
        for (; this.#spent < end && tasks.length > 0; tasks.shift()) {
          const [task] = tasks;
          if (this.#advance(task!) !== undefined) cold.push(task!);
        }
        end = this.#spent + PIECE_COST;
      }, signal);
    }
    return cold;
  }

  /** Loads what a task lacks until it is done. */
  async #finish(task: Task, loading: Loading): Promise<void> {
    const { signal } = loading;
    for (let failures = 0; !task.isDone;) {
      const missing = await this.#queue.run(() => this.#advance(task), signal);
      if (missing === undefined) return;
      try {
        await this.#load(task, missing, loading);
      } catch (error) {
        signal.throwIfAborted();
        if (++failures > 1) {
          if (error instanceof DamagedSegmentError) this.damaged = task.ref.key;
          const message = "a part of the vector store could not be read; try again";
          throw new ServiceError("overloaded", message, { cause: error });
        }
        warn("part of a vector store read again", error);
      }
    }
  }

  async #load(task: Task, missing: Missing, loading: Loading): Promise<void> {
    const { ref } = task;
    const { width } = this.#store;
    if (missing === "pages") {
      await this.#cache.loadSegment(ref, width, loading, (pages) =>
        this.#queue.run(() => this.#scan(task, pages()), loading.signal),
      );
    } else {
      await this.#cache.loadGroup(ref, width, missing.key, loading, (bytes) =>
        this.#queue.run(() => this.#compare(task, missing.key, bytes()), loading.signal),
      );
    }
  }

  /** Does what can be done with what is in memory. @returns what is missing; undefined if the task is done */
  #advance(task: Task): Missing | undefined {
    for (const comparison of this.#comparisons) {
      if (task.passing.has(comparison)) continue;
      const bytes = this.#cache.group(task.ref, comparison.key);
      if (bytes === undefined) return { key: comparison.key };
      this.#compare(task, comparison.key, bytes);
    }
    if (countOf(this.#wanted(task)) === 0) task.isDone = true;
    if (task.isDone) return undefined;
    const pages = this.#cache.segment(task.ref);
    if (pages === undefined) return "pages";
    this.#scan(task, pages);
    return undefined;
  }

  /** Finds the rows that pass the comparisons of all keys of a group. @param key of it @param bytes of it; freed */
  #compare({ ref, passing }: Task, key: string, bytes: Uint8Array<ArrayBuffer>): void {
    const group = groupOf(key);
    const comparisons = this.#comparisons.filter((comparison) => groupOf(comparison.key) === group);
    this.#spent += bytes.length * ATTRIBUTE_BYTE_COST + ref.rows * comparisons.length * COMPARED_ROW_COST;
    for (const [comparison, bits] of passingRows(comparisons, ref.rows, new GroupReader(bytes))) {
      passing.set(comparison, bits);
    }
    freeBuffer(bytes);
  }

  #scan(task: Task, pages: readonly number[]): void {
    const { width } = this.#store;
    const { memory } = this.#cache;
    const wanted = this.#wanted(task);
    memory.setQueries(this.#queries);
    for (const [index, rows] of pageRows(task.ref.rows, width).entries()) {
      const page = pages[index];
      if (page === undefined) throw new RangeError(`${task.ref.key} has no page ${index}`);
      const first = (index * rowsPerPage(width)) / 8;
      memory.scanPage(page, rows, width, wanted.subarray(first, first + Math.ceil(rows / 8)), this.best);
    }
    this.#spent += this.#costOf(task.ref.rows);
    this.scanned += countOf(wanted);
    task.isDone = true;
  }

  /** The rows of a segment that are live and pass the filter. */
  #wanted({ ref: { rows, dead }, passing }: Task): Bits {
    const bits =
      this.#filter === null
        ? new Uint8Array(Math.ceil(rows / 8)).fill(0xff)
        : combinedRows(
            this.#filter,
            rows,
            (comparison) => passing.get(comparison) ?? new Uint8Array(0),
          ).slice();
    for (const [i, byte] of dead?.entries() ?? []) bits[i] = (bits[i] ?? 0) & ~byte;
    if (rows % 8 !== 0) bits[bits.length - 1] = (bits.at(-1) ?? 0) & ((1 << (rows % 8)) - 1);
    return bits;
  }

  /** Scans the rows that are in no segment. */
  #scanOpen(): void {
    const { open, width } = this.#store;
    const { memory } = this.#cache;
    memory.setQueries(this.#queries);
    for (const { page, live } of open) {
      const wanted = new Uint8Array(live.length);
      for (let row = 0; row < page.rows; row++) {
        if (!isSet(live, row)) continue;
        if (this.#filter !== null && !passesFilter(this.#filter, page.attributes[row] ?? {})) continue;
        wanted[row >>> 3] = (wanted[row >>> 3] ?? 0) | (1 << (row & 7));
        this.scanned++;
      }
      memory.scanOpen(page.bytes, page.rows, width, wanted, this.best);
      this.#spent += this.#costOf(page.rows) + page.rows * this.#comparisons.length * COMPARED_ROW_COST;
    }
  }

  #costOf(rows: number): number {
    return rows * rowBytes(this.#store.width) * ((1 + this.#queries.count) / 2);
  }
}

function countOf(bits: Bits): number {
  let count = 0;
  for (const byte of bits) {
    for (let left = byte; left !== 0; left &= left - 1) count++;
  }
  return count;
}
