/** The work that a vector store lends, as `functions/vector-stores/store-work-rpc.ts` says. Its caller writes the record. */
import { type Taker, WORK_LEASE_MS } from "../../runtime/background-work.ts";
import { MAX_OPEN_ROWS } from "../../vector-stores/store-limits.ts";
import { segmentsPrefix } from "../../vector-stores/store-marks.ts";
import { maxSegmentRows } from "../../vector-stores/segment-layout.ts";
import type { SegmentRef } from "../../vector-stores/store-state-rpc.ts";
import type { Filled, StoreWork } from "../../vector-stores/store-work-rpc.ts";
import { isTakenBefore, waitUntil } from "../lent-work.ts";
import {
  areMany,
  failedAlone,
  failedAmongOthers,
  keepSuspects,
  noteTurn,
  suspectToLend,
  triesOf,
} from "./failing-files.ts";
import { statusOf } from "./picture-table.ts";
import type { Range } from "./segment-table.ts";
import { isQuiet, type LentWork, OPEN_ROWS_DUE, type StoreRecord } from "./store-record.ts";
import type { StoredStore } from "./stored-store.ts";

/** Files that are embedded together: some seconds of the image tower. */
const FILES_LENT = 32;
/** Times that work was lost without a word, or failed, after which one file at a time is lent: one may be the reason. */
const ALONE_AFTER = 3;
/** Times that work was lost, one after the other, after which such a file has failed: it kills whoever looks at it. */
const FAILED_AFTER = 8;
/** Milliseconds by which a message may come before it was expected. */
const EARLY_MS = 1_000;
/** Milliseconds that an object may still be on its way to R2 when its writer counts as dead. */
const STRAGGLER_MS = 60_000;

export class StoreWorkshop {
  readonly #store: StoredStore;

  constructor(store: StoredStore) {
    this.#store = store;
  }

  take(record: StoreRecord, taker: Taker): StoreWork {
    const now = Date.now();
    const { lent } = record;
    const until = lent === null || isTakenBefore(lent, taker) ? 0 : lent.until;
    if (record.isRemoved || (record.expiredAt !== null && !record.isErased)) {
      const free = Math.max(record.writersUntil, lent?.segment ? lent.until : 0) + STRAGGLER_MS;
      return free > now ? wait(record, free) : { kind: "clear", isRemoved: record.isRemoved };
    }
    if (record.isErased) return { kind: "none" };
    if (until > now) return { kind: "busy", milliseconds: waitUntil(until) };
    this.#takeBack(record);
    if (this.#store.segments.dropEmpty()) record.version++;
    const range = this.#range(record);
    if (range !== undefined && record.compactAfter <= now) return this.#compact(record, range, taker);
    // While no segment can be written, files wait: every view has all open rows.
    if (record.notBefore <= now && record.openRows < MAX_OPEN_ROWS) {
      const work = this.#fill(record, taker);
      if (work !== undefined) return work;
    }
    // Each kind of work has its own pause: additions depend on segments while no tower answers.
    const later = [
      ...(range === undefined ? [] : [record.compactAfter]),
      ...(record.counts.in_progress === 0 ? [] : [record.notBefore]),
    ].filter((milliseconds) => milliseconds > now);
    if (later.length > 0) {
      const next = Math.min(...later);
      const isAnnounced = record.expectedAt > now + EARLY_MS && record.expectedAt <= next + EARLY_MS;
      // Else each of many messages that came during a pause would be followed by one of its own.
      if (taker.attempt === 1 && isAnnounced) return { kind: "busy", milliseconds: next - now };
      return wait(record, next);
    }
    // No message is on its way any more.
    record.expectedAt = 0;
    return { kind: "none" };
  }

  renew(record: StoreRecord): boolean {
    record.lent!.until = Date.now() + WORK_LEASE_MS;
    return true;
  }

  release(record: StoreRecord, pauseMs: number, isFailure: boolean): void {
    if (record.lent!.segment !== null) {
      this.#endCompaction(record);
      record.compactAfter = Date.now() + pauseMs;
      record.expectedAt = record.compactAfter;
      return;
    }
    const file = onlyFile(record.lent!);
    endFilling(record, pauseMs);
    record.lost = 0;
    record.failed = isFailure ? (record.failed ?? 0) + 1 : 0;
    if (!isFailure) {
      record.released++;
      return;
    }
    if (file === null) return;
    record.alone = Math.max(0, record.alone - 1);
    if (failedAlone(record, file)) this.#giveUp(record, file);
  }

  postpone(record: StoreRecord, pauseMs: number): void {
    if (record.lent!.segment === null) endFilling(record, pauseMs);
  }

  /** @returns whether the segment is one of the store's now */
  compacted(record: StoreRecord, segment: SegmentRef, numbers: Uint32Array): boolean {
    const writing = record.lent?.segment;
    if (writing?.key !== segment.key) return false;
    const { segments, pictures } = this.#store;
    const live = pictures.numbers(numbers[0]!, numbers.at(-1)!);
    segments.add(segment, numbers, live, writing.replaces);
    record.openRows = pictures.numbers(segments.covered() + 1, record.nextNumber).length;
    record.isSegmentWanted = false;
    record.version++;
    record.lent = null;
    record.expectedAt = Date.now();
    return true;
  }

  filled(record: StoreRecord, files: readonly Filled[], pauseMs: number, isRestBroken: boolean): true {
    const { fills = 0, lent } = record;
    this.#store.fill(record, files);
    noteTurn(record, onlyFile(lent!));
    endFilling(record, pauseMs);
    record.lost = 0;
    record.released = 0;
    record.failed = 0;
    // That a file is not there, or is no picture, says nothing of the towers.
    if (files.some(({ result }) => !("code" in result))) {
      record.fills = fills + 1;
      const answered = new Set(files.map(({ fileId }) => fileId));
      const rest = (lent?.files ?? []).filter((file) => !answered.has(file));
      if (isRestBroken) failedAmongOthers(record, rest, fills);
    }
    record.alone = Math.max(0, record.alone - files.length);
    return true;
  }

  /** Whether somebody who takes now would get something. */
  isDue(record: StoreRecord): boolean {
    if (record.isRemoved) return true;
    if (record.expiredAt !== null) return !record.isErased;
    return record.counts.in_progress > 0 || this.isCompactionDue(record);
  }

  /**
   * Why rows are refused; `unattended` once for every message that is due. A segment is due from then on: whoever was
   * refused tries again, and without one nothing would have changed.
   */
  refusal(record: StoreRecord, refused: "full" | "busy"): "full" | "busy" | "unattended" {
    if (refused === "full") return refused;
    record.isSegmentWanted = true;
    const isUnattended = this.announceCompaction(record);
    this.#store.write(record);
    return isUnattended ? "unattended" : "busy";
  }

  /**
   * Notes that a message is expected from now on, for open rows of which a segment is due, or for one that is damaged.
   * @returns true once for every message that is due
   */
  announceCompaction(record: StoreRecord): boolean {
    if (!isQuiet(record, true)) return false;
    if (!areOpenRowsDue(record) && this.#store.segments.damaged() === undefined) return false;
    record.expectedAt = Date.now();
    return true;
  }

  isCompactionDue(record: StoreRecord): boolean {
    return this.#range(record) !== undefined;
  }

  /** Work that came to nothing. */
  #takeBack(record: StoreRecord): void {
    if (record.lent === null) return;
    if (record.lent.segment !== null) return this.#endCompaction(record);
    const file = onlyFile(record.lent);
    record.lost++;
    record.lent = null;
    if (record.lost < FAILED_AFTER || file === null) return;
    record.lost = 0;
    record.alone = Math.max(0, record.alone - 1);
    this.#giveUp(record, file);
  }

  #giveUp(record: StoreRecord, fileId: string): void {
    const result = { code: "server_error", message: "the picture could not be embedded" } as const;
    this.#store.fill(record, [{ fileId, filename: "", bytes: 0, result }]);
  }

  /** Without a segment, though its object may still come. */
  #endCompaction(record: StoreRecord): void {
    const { segment, until } = record.lent!;
    this.#store.segments.discard(segment!.key);
    record.lent = null;
    record.writersUntil = Math.max(record.writersUntil, until);
  }

  #compact(record: StoreRecord, range: Range, taker: Taker): StoreWork {
    const { width } = record.made;
    const numbers = this.#store.pictures.numbers(range.from, range.to, maxSegmentRows(width));
    const key = `${segmentsPrefix(record.account, record.id)}${crypto.randomUUID()}`;
    const token = lend(record, taker, { key, replaces: range.replaces });
    return { kind: "compact", token, compaction: { key, numbers, width } };
  }

  #range(record: StoreRecord): Range | undefined {
    const { segments } = this.#store;
    const damaged = segments.damaged();
    if (damaged !== undefined) return damaged;
    if (!areOpenRowsDue(record)) return segments.due(maxSegmentRows(record.made.width));
    return { from: segments.covered() + 1, to: record.nextNumber, replaces: [] };
  }

  #fill(record: StoreRecord, taker: Taker): StoreWork | undefined {
    const { pictures, batches } = this.#store;
    // Until all that were lent together have been lent alone: the reason may be the last of them.
    if (record.lost + (record.failed ?? 0) >= ALONE_AFTER && record.alone === 0) record.alone = FILES_LENT;
    keepSuspects(record, (file) => {
      const known = pictures.get(file);
      return known !== undefined && statusOf(known) === "in_progress";
    });
    const suspects = (record.suspects ?? []).map(({ file }) => file);
    const isAlone = record.alone > 0 || areMany(record);
    const others = pictures.pending(isAlone ? 1 : FILES_LENT, suspects);
    const suspect = suspectToLend(record, others.length > 0);
    const files = suspect === undefined ? others : [pictures.get(suspect.file)!];
    const batchId = files[0]?.batch;
    const batch = batchId == null ? undefined : batches.get(batchId);
    if (batchId == null || batch === undefined) return undefined;
    const { keyId, tier } = batch;
    const tries = record.lost + record.released + triesOf(record, suspect);
    const fileIds = files.map(({ file }) => file);
    const token = lend(record, taker, null, fileIds);
    const { model } = record.made;
    return { kind: "fill", token, filling: { batchId, keyId, tier, model, fileIds, tries } };
  }
}

function areOpenRowsDue({ openRows, isSegmentWanted = false }: StoreRecord): boolean {
  return openRows >= OPEN_ROWS_DUE || (isSegmentWanted && openRows > 0);
}

function onlyFile({ files }: LentWork): string | null {
  return files?.length === 1 ? files[0]! : null;
}

function endFilling(record: StoreRecord, pauseMs: number): void {
  record.lent = null;
  record.notBefore = Date.now() + pauseMs;
  record.expectedAt = record.notBefore;
}

function lend(
  record: StoreRecord,
  taker: Taker,
  segment: { key: string; replaces: number[] } | null,
  files?: string[],
): string {
  const token = crypto.randomUUID();
  const until = Date.now() + WORK_LEASE_MS;
  record.lent = { token, ...taker, until, segment, ...(files && { files }) };
  record.expectedAt = until;
  return token;
}

function wait(record: StoreRecord, milliseconds: number): StoreWork {
  record.expectedAt = milliseconds;
  return { kind: "wait", milliseconds: waitUntil(milliseconds) };
}
