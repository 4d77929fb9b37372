/**
 * What the Durable Object of a vector store lends to the jobs Worker, one piece at a time:
 *
 *     take → "compact"   rows … → segment to R2 → compacted
 *     take → "fill"      pictures of a file batch embedded → filled
 *     take → "clear"     everything of a removed or expired store goes from R2 → erased
 *
 * Work is lent for `WORK_LEASE_MS` and named by a token. If a consumer dies, its work is lent again; a result that
 * comes after that time changes nothing. So messages may come twice, or in any order, and every call may be repeated.
 */
import type { Taker } from "../runtime/background-work.ts";
import type { OpenRow, SegmentRef } from "./store-state-rpc.ts";
import type { PictureFacts, QuantizedRow } from "./stored-picture.ts";

export interface Compaction {
  /** Key of the object to be written; nobody else writes it. */
  key: string;
  /** Numbers of its rows, rising; at most `maxSegmentRows(width)`, see `segment-layout.ts`. */
  numbers: Uint32Array;
  width: number;
}

/** Files of one batch that are to be embedded. */
export interface Filling {
  batchId: string;
  keyId: string | null;
  tier: string;
  /** `<alias>@<revision>`. */
  model: string;
  fileIds: string[];
  /** How often these were begun before. */
  tries: number;
}

/** What became of a file. */
export interface Filled {
  fileId: string;
  filename: string;
  bytes: number;
  result: QuantizedRow | NonNullable<PictureFacts["lastError"]>;
}

export type StoreWork =
  /** There never was such a store, or nothing is left of it. */
  | { kind: "unknown" }
  | { kind: "none" }
  /**
   * Another consumer works on it, for a message of its own, or one will when its message comes. `milliseconds`: until
   * that one counts as dead, or is to come.
   */
  | { kind: "busy"; milliseconds: number }
  /** There will be work. */
  | { kind: "wait"; milliseconds: number }
  | { kind: "compact"; token: string; compaction: Compaction }
  | { kind: "fill"; token: string; filling: Filling }
  /** Everything of it goes: it is removed, or has expired. */
  | { kind: "clear"; isRemoved: boolean };

/** What the sweep asks each store. */
export interface StoreCare {
  /** `due`: there is work, and its message seems to be lost. */
  state: "unknown" | "due" | "fine";
  /** Keys of R2 that no search that began in the last minutes can need. */
  garbage: string[];
}

export interface StoreWorkRpc {
  take(taker: Taker): Promise<StoreWork>;
  /** @returns false if the work is not wanted any more, or was lent to another */
  renew(token: string): Promise<boolean>;
  /** Gives work back that was not done. @param isFailure true if one of its files may be the reason */
  release(token: string, pauseMs: number, isFailure?: boolean): Promise<void>;
  /** Gives files back that it was not yet the store's turn to have embedded. */
  postpone(token: string, pauseMs: number): Promise<void>;

  /**
   * Rows for a segment, in the order of the numbers, at most `MAX_ROWS_READ`. For one that died meanwhile, a row of
   * zeros comes.
   */
  rows(numbers: Uint32Array): Promise<OpenRow[]>;
  /** The segment is in R2. @returns false if it is not wanted any more; its object is cleared later */
  compacted(token: string, segment: SegmentRef, numbers: Uint32Array): Promise<boolean>;
  /**
   * Only files that still wait are changed.
   * @param isRestBroken true if one that was lent too, and is not among these, may be the reason why something broke
   * @returns false if the work was lent to another, or is not wanted any more
   */
  filled(token: string, files: readonly Filled[], pauseMs: number, isRestBroken?: boolean): Promise<boolean>;
  /** Nothing of the store is in R2 any more. */
  erased(): Promise<void>;

  care(): Promise<StoreCare>;
  /** These keys are not in R2 any more. */
  cleared(keys: readonly string[]): Promise<void>;
}
