/**
 * What a batch's Durable Object says (`functions/state/`). It knows how far the batch is, and gives out the work. A
 * consumer of a message takes some, does it and reports the result:
 *
 *     take → "check"   addParts … → checked, or refused       the input, read once
 *     take → "part"    answered, failed or inputGone          some lines of it
 *     take → "finish"  results …, unanswered … → finished     output and error file
 *
 * Work is lent for `WORK_LEASE_MS` and named by a token. If a consumer dies, its work is lent again. One that was only
 * slow finds that its token is not known any more, and its result does not count. So messages may come twice, or in any
 * order, and every call may be repeated.
 */
import type { Taker } from "../runtime/background-work.ts";
import type { BatchEndpoint, BatchError, BatchObject } from "./batch-object.ts";

/** Who made a batch; its lines are answered for this account and key. */
export interface BatchOwner {
  account: string;
  /** null on a deployment without keys. */
  keyId: string | null;
  tier: string;
}

export interface NewBatch extends BatchOwner {
  id: string;
  endpoint: BatchEndpoint;
  inputFile: string;
  metadata: Record<string, string> | null;
  /** Seconds after which output and errors expire. */
  outputExpiresAfter: number;
  /** Bytes that the account's files may have together. */
  maxStored: number;
}

/** Lines of the input that are answered together. */
export interface NewPart {
  /** In the input. */
  offset: number;
  bytes: number;
  /** `custom_id` of each line. */
  customIds: string[];
}

/** A part, or what is left of it. */
export interface Part {
  /** From 1 on. */
  number: number;
  offset: number;
  bytes: number;
  /** How many lines it has. */
  lines: number;
  /** Indexes of the lines that are not answered; null: none is. */
  left: number[] | null;
  /** How often it was begun before. */
  tries: number;
}

/** Answers to lines of a part, which stand in R2 by the part's number and the token. */
export interface Answers {
  part: number;
  /** Bytes of the lines that go to the output file, followed by bytes of those that go to the error file. */
  outputBytes: number;
  errorBytes: number;
  completed: number;
  failed: number;
  /** Indexes of the lines that have no answer yet. */
  left: number[];
  /** Milliseconds before which they are not tried again. */
  pauseMs: number;
}

export interface StoredAnswers {
  part: number;
  token: string;
  outputBytes: number;
  errorBytes: number;
}

/** Lines that got no answer, and will get none. */
export interface Unanswered {
  part: number;
  customIds: string[];
  /** True if it was tried alone, and the service failed each time. */
  isGivenUp: boolean;
}

/** Why a batch ends before all lines are answered. */
export type StopReason = "cancelled" | "expired" | "input_file_gone" | "output_too_large";

export type Work =
  /** Nobody made such a batch. */
  | { kind: "unknown" }
  /** Nothing is left to do but to clear up. */
  | { kind: "over" }
  /**
   * As many consumers as allowed work on it, each for its own message. `milliseconds`: until one of them counts as
   * dead.
   */
  | { kind: "busy"; milliseconds: number }
  /** It waits for its turn among the account's batches. */
  | { kind: "queued" }
  /** There will be work. */
  | { kind: "wait"; milliseconds: number }
  | { kind: "check"; batch: NewBatch; token: string }
  /** `storedBytes`: of the answers so far. */
  | { kind: "part"; batch: NewBatch; token: string; part: Part; storedBytes: number }
  | {
      kind: "finish";
      batch: NewBatch;
      token: string;
      stop: StopReason | null;
      /** True if the end was begun before, so that a file may be there already. */
      isRepeated: boolean;
      /** True while it is not too late for the account to make room for the files. */
      mayWait: boolean;
      /** The most that the files will have. */
      outputBytes: number;
      errorBytes: number;
    };

export interface BatchStateRpc {
  create(batch: NewBatch): Promise<BatchObject>;
  get(): Promise<BatchObject | undefined>;
  /**
   * For whoever sends a message if one may have been lost. `isIdle`: none came for two minutes that should have; nobody
   * else hears that for as long.
   */
  getAndRevive(): Promise<{ batch: BatchObject; isIdle: boolean } | undefined>;
  /** @returns undefined for an unknown batch; one that is over is left as it is */
  cancel(): Promise<BatchObject | undefined>;

  /** @param mayBegin true if it is the batch's turn among the account's */
  take(taker: Taker, mayBegin: boolean): Promise<Work>;
  /** @returns false if the work is not wanted any more, or was lent to another */
  renew(token: string): Promise<boolean>;
  /** Gives work back that was not done. */
  release(token: string, pauseMs: number): Promise<void>;

  /** @param first number of the first of these parts; those from there on that were added before are replaced */
  addParts(token: string, first: number, parts: NewPart[]): Promise<boolean>;
  checked(token: string, lines: number): Promise<boolean>;
  refused(token: string, errors: BatchError[]): Promise<boolean>;

  answered(token: string, answers: Answers): Promise<boolean>;
  /**
   * The service failed on the part, not because of overload. It is tried again later, then cut in two, and a line that
   * fails alone is given up.
   */
  failed(token: string): Promise<void>;
  inputGone(token: string): Promise<void>;

  results(afterPart: number, afterToken: string, limit: number): Promise<StoredAnswers[]>;
  /**
   * Lines that were given up, and those of parts that were not answered.
   * @param characters of ids, at most, unless a single part has more
   * @returns nothing after the last part
   */
  unanswered(afterPart: number, characters: number): Promise<Unanswered[]>;
  /** @returns ids of the files that count; undefined while another writes them, who may have found those of this end */
  finished(token: string, end: BatchEnd): Promise<string[] | undefined>;
}

export interface BatchEnd {
  outputFile: string | null;
  errorFile: string | null;
  /** If the files could not be written. */
  error?: BatchError;
}

/** The namespace of batches' Durable Objects. */
export interface BatchNamespace {
  getByName(name: string): BatchStateRpc;
}
