/** What a vector store knows of itself as a whole: one row, written once a call. */
import { MAX_OPEN_ROWS } from "../../vector-stores/store-limits.ts";
import type { FileCounts, NewStore, StoreFacts } from "../../vector-stores/store-state-rpc.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

/** Seconds in which use of a store is noted once. */
const USE_NOTED_AFTER = 60;
const DAY = 86_400;
/** Open rows of which a segment is made. */
export const OPEN_ROWS_DUE = 1_024;
/** Milliseconds after which a message counts as lost that was expected. */
const IDLE_MS = 30_000;

/** A piece of work that was lent. */
export interface LentWork {
  token: string;
  message: string;
  attempt: number;
  /** Milliseconds since 1970. */
  until: number;
  /** The segment that is being written, and `first` of those that it replaces. */
  segment: { key: string; replaces: number[] } | null;
  /** Absent if a segment was lent, and from older records. */
  files?: string[];
}

/** A file that failed alone, or among others that did not; see `failing-files.ts`. */
export interface Suspect {
  file: string;
  /** `fills` before it failed for the first time, and when that was. Milliseconds since 1970; absent from older records. */
  since: number;
  failedAt?: number;
  /** Failures alone after others were filled. */
  failures: number;
}

export interface StoreRecord {
  account: string;
  id: string;
  made: NewStore;
  /** Seconds since 1970. */
  createdAt: number;
  lastActiveAt: number;
  expiredAt: number | null;
  isRemoved: boolean;
  /** True once nothing is left of an expired store but this. */
  isErased: boolean;
  version: number;
  /** Number of the next row. */
  nextNumber: number;
  counts: Omit<FileCounts, "total">;
  usageBytes: number;
  /** Live rows in no segment. */
  openRows: number;
  /** Somebody was refused for the open rows: a segment is due, however few they are. Absent from older records. */
  isSegmentWanted?: boolean;
  lent: LentWork | null;
  /** How often work was lent, or given back, without anything coming of it. `failed`: a file of it may be the reason. */
  lost: number;
  released: number;
  failed?: number;
  /** How often files have got their vectors. */
  fills?: number;
  /** The one that was tried longest ago is the first. */
  suspects?: Suspect[];
  /** True if the last one that was tried was a suspect. */
  isOthersTurn?: boolean;
  /** How many more files are lent one at a time. */
  alone: number;
  /** Milliseconds since 1970 before which no files are lent. */
  notBefore: number;
  /** Milliseconds since 1970 before which no rows are lent. */
  compactAfter: number;
  /** When the last of those that write a segment in vain counts as dead. Milliseconds since 1970. */
  writersUntil: number;
  /** When the next message should come at the latest, if none is lost. Milliseconds since 1970. */
  expectedAt: number;
}

export function newRecord(account: string, id: string, made: NewStore): StoreRecord {
  const now = unixSeconds();
  return {
    account,
    id,
    made,
    createdAt: now,
    lastActiveAt: now,
    expiredAt: null,
    isRemoved: false,
    isErased: false,
    version: 1,
    nextNumber: 1,
    counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0 },
    usageBytes: 0,
    openRows: 0,
    lent: null,
    lost: 0,
    released: 0,
    alone: 0,
    notBefore: 0,
    compactAfter: 0,
    writersUntil: 0,
    expectedAt: 0,
  };
}

/** What stays of an expired store. */
export function erasedRecord({ account, id, made, ...record }: StoreRecord): StoreRecord {
  const { createdAt, lastActiveAt, expiredAt, version, nextNumber } = record;
  const kept = { createdAt, lastActiveAt, expiredAt, version, nextNumber, isErased: true };
  return { ...newRecord(account, id, made), ...kept };
}

/** Seconds since 1970; null: never. */
export function expiryOf({ made, lastActiveAt }: StoreRecord): number | null {
  return made.expiresAfterDays === null ? null : lastActiveAt + made.expiresAfterDays * DAY;
}

/** @returns whether the record changed */
export function use(record: StoreRecord): boolean {
  const now = unixSeconds();
  if (now - record.lastActiveAt < USE_NOTED_AFTER) return false;
  record.lastActiveAt = now;
  return true;
}

export function factsOf(record: StoreRecord): StoreFacts {
  const { id, made, createdAt, lastActiveAt, usageBytes, counts, expiredAt } = record;
  const status = counts.in_progress > 0 ? "in_progress" : "completed";
  return {
    ...made,
    id,
    createdAt,
    lastActiveAt,
    expiresAt: expiryOf(record),
    status: expiredAt === null ? status : "expired",
    usageBytes,
    counts: { ...counts, total: totalOf(counts) },
  };
}

/** @param added pictures that the store does not have @param rows that are open then and are not now */
export function refusalOf(
  { counts, openRows }: StoreRecord,
  added: number,
  rows: number,
  maxPictures: number,
): "full" | "busy" | undefined {
  if (added > 0 && totalOf(counts) + added > maxPictures) return "full";
  return rows > 0 && openRows + rows > MAX_OPEN_ROWS ? "busy" : undefined;
}

/**
 * Whether nobody works on the store, and no message about it is on its way, unless it is late. One that comes only after
 * a pause of file batches is none for compaction.
 */
export function isQuiet({ expectedAt, lent, notBefore }: StoreRecord, isCompactionDue: boolean): boolean {
  const now = Date.now();
  if (now <= (lent?.until ?? -Infinity) + IDLE_MS) return false;
  if (isCompactionDue && notBefore > now && expectedAt === notBefore) return true;
  return now > expectedAt + IDLE_MS;
}

function totalOf(counts: StoreRecord["counts"]): number {
  return counts.in_progress + counts.completed + counts.failed + counts.cancelled;
}
