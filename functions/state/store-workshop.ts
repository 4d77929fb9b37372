/** The work that a vector store lends, as `functions/vector-stores/store-work-rpc.ts` says. Its caller writes the record. */
import { segmentsPrefix } from "../vector-stores/store-marks.ts";
import { MAX_SEGMENT_ROWS } from "../vector-stores/store-limits.ts";
import type { SegmentRef } from "../vector-stores/store-state-rpc.ts";
import {
  type Filled,
  STORE_LEASE_MS,
  type StoreTaker,
  type StoreWork,
} from "../vector-stores/store-work-rpc.ts";
import type { Range } from "./segment-table.ts";
import { OPEN_ROWS_DUE, type StoreRecord } from "./store-record.ts";
import type { StoredStore } from "./stored-store.ts";

/** Files that are embedded together: some seconds of the image tower. */
const FILES_LENT = 32;
/** Times that work was lost without a word after which one file at a time is lent: one may kill whoever looks at it. */
const ALONE_AFTER = 3;
/** Times after which such a file has failed. */
const FAILED_AFTER = 8;
/** Milliseconds that an object may still be on its way to R2 when its writer counts as dead. */
const STRAGGLER_MS = 60_000;

export class StoreWorkshop {
  readonly #store: StoredStore;

  constructor(store: StoredStore) {
    this.#store = store;
  }

  take(record: StoreRecord, taker: StoreTaker): StoreWork {
    const now = Date.now();
    const { lent } = record;
    const isTakersOwn = lent?.message === taker.message && lent.attempt < taker.attempt;
    const until = lent === null || isTakersOwn ? 0 : lent.until;
    if (record.isRemoved || (record.expiredAt !== null && !record.isErased)) {
      const free = lent?.segment ? lent.until + STRAGGLER_MS : 0;
      return free > now ? waitUntil(record, free) : { kind: "clear", isRemoved: record.isRemoved };
    }
    if (record.isErased) return { kind: "none" };
    if (until > now) return { kind: "busy", milliseconds: Math.max(1_000, until - now) };
    this.#takeBack(record);
    if (record.notBefore > now) return waitUntil(record, record.notBefore);
    if (this.#store.segments.dropEmpty()) record.version++;
    const work = this.#compact(record, taker) ?? this.#fill(record, taker);
    if (work !== undefined) return work;
    // No message is on its way any more.
    record.expectedAt = 0;
    return { kind: "none" };
  }

  renew(record: StoreRecord): boolean {
    record.lent!.until = Date.now() + STORE_LEASE_MS;
    return true;
  }

  release(record: StoreRecord, pauseMs: number, isFailure: boolean): void {
    const { lost, released } = record;
    this.#end(record, pauseMs);
    record.lost = isFailure ? lost + 1 : 0;
    record.released = isFailure ? released : released + 1;
  }

  /** @returns whether the segment is one of the store's now */
  compacted(record: StoreRecord, segment: SegmentRef, numbers: Uint32Array): boolean {
    const writing = record.lent?.segment;
    if (writing?.key !== segment.key) return false;
    const { segments, pictures } = this.#store;
    const live = pictures.numbers(numbers[0]!, numbers.at(-1)!);
    segments.add(segment, numbers, live, writing.replaces);
    record.openRows = pictures.numbers(segments.covered() + 1, record.nextNumber).length;
    record.version++;
    record.lent!.segment = null;
    this.#end(record, 0);
    return true;
  }

  filled(record: StoreRecord, files: readonly Filled[], pauseMs: number): true {
    this.#store.fill(record, files);
    this.#end(record, pauseMs);
    return true;
  }

  /** Whether somebody who takes now would get something. */
  isDue(record: StoreRecord): boolean {
    if (record.isRemoved) return true;
    if (record.expiredAt !== null) return !record.isErased;
    return record.counts.in_progress > 0 || this.#range(record) !== undefined;
  }

  /** Work that came to nothing. */
  #takeBack(record: StoreRecord): void {
    if (record.lent === null) return;
    if (record.lent.segment !== null) this.#store.segments.discard(record.lent.segment.key);
    else record.lost++;
    record.lent = null;
  }

  #end(record: StoreRecord, pauseMs: number): void {
    if (record.lent?.segment) this.#store.segments.discard(record.lent.segment.key);
    record.lent = null;
    record.lost = 0;
    record.released = 0;
    record.notBefore = Date.now() + pauseMs;
    record.expectedAt = record.notBefore;
  }

  #compact(record: StoreRecord, taker: StoreTaker): StoreWork | undefined {
    const range = this.#range(record);
    if (range === undefined) return undefined;
    const numbers = this.#store.pictures.numbers(range.from, range.to, MAX_SEGMENT_ROWS);
    const key = `${segmentsPrefix(record.account, record.id)}${crypto.randomUUID()}`;
    const token = lend(record, taker, { key, replaces: range.replaces });
    return { kind: "compact", token, compaction: { key, numbers, width: record.made.width } };
  }

  #range(record: StoreRecord): Range | undefined {
    const { segments } = this.#store;
    if (record.openRows < OPEN_ROWS_DUE) return segments.due(MAX_SEGMENT_ROWS);
    return { from: segments.covered() + 1, to: record.nextNumber, replaces: [] };
  }

  #fill(record: StoreRecord, taker: StoreTaker): StoreWork | undefined {
    const { pictures, batches } = this.#store;
    if (record.lost >= FAILED_AFTER) {
      const [file] = pictures.pending(1);
      const result = { code: "server_error", message: "the picture could not be embedded" } as const;
      if (file) this.#store.fill(record, [{ fileId: file.file, filename: "", bytes: 0, result }]);
      record.lost = 0;
    }
    const files = pictures.pending(record.lost >= ALONE_AFTER ? 1 : FILES_LENT);
    const batchId = files[0]?.batch;
    const batch = batchId == null ? undefined : batches.get(batchId);
    if (batchId == null || batch === undefined) return undefined;
    const { keyId, tier } = batch;
    const tries = record.lost + record.released;
    const token = lend(record, taker, null);
    const { model } = record.made;
    const fileIds = files.map(({ file }) => file);
    return { kind: "fill", token, filling: { batchId, keyId, tier, model, fileIds, tries } };
  }
}

function lend(
  record: StoreRecord,
  taker: StoreTaker,
  segment: { key: string; replaces: number[] } | null,
): string {
  const token = crypto.randomUUID();
  const until = Date.now() + STORE_LEASE_MS;
  record.lent = { token, ...taker, until, segment };
  record.expectedAt = until;
  return token;
}

function waitUntil(record: StoreRecord, milliseconds: number): StoreWork {
  record.expectedAt = milliseconds;
  return { kind: "wait", milliseconds: Math.max(1_000, milliseconds - Date.now()) };
}
