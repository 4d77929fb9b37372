/** How far a batch is: what its object stores in its one row, and how that changes at the batch's end. */
import { COMPLETION_WINDOW } from "../../batches/batch-limits.ts";
import type { BatchError, BatchObject } from "../../batches/batch-object.ts";
import type { BatchEnd, NewBatch, StopReason } from "../../batches/batch-state-rpc.ts";
import type { Taker } from "../../runtime/background-work.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

export interface BatchRecord {
  batch: BatchObject;
  stop: StopReason | null;
  /** Why the batch will have failed, if `stop` is a failure. */
  failure: BatchError | null;
  outputBytes: number;
  /** Token of who checks the input, then of who writes the end; parts have their own. */
  token: string | null;
  taker: Taker | null;
  /** Milliseconds since 1970. */
  lentUntil: number;
  /** How often the end was begun. */
  ends: number;
  /** When the next message should come at the latest, if none is lost. Milliseconds since 1970. */
  expectedAt: number;
  /** When lines were last answered well. Milliseconds since 1970. */
  answeredAt?: number;
}

export function newRecord(made: NewBatch): BatchRecord {
  return {
    batch: newBatch(made),
    stop: null,
    failure: null,
    outputBytes: 0,
    token: null,
    taker: null,
    lentUntil: 0,
    ends: 0,
    expectedAt: Date.now(),
  };
}

/** The batch ends before all lines are answered. The first reason counts. */
export function stopWith(
  record: BatchRecord,
  reason: StopReason,
  message: string,
  param: string | null,
): void {
  if (record.stop !== null) return;
  record.stop = reason;
  record.failure = { code: reason, message, param, line: null };
}

/** The input was refused. */
export function refuse({ batch }: BatchRecord, errors: BatchError[]): void {
  batch.status = "failed";
  batch.failed_at = unixSeconds();
  batch.errors = { object: "list", data: errors };
}

/** The files are written, or could not be. */
export function end(record: BatchRecord, { outputFile, errorFile, error }: BatchEnd): void {
  const { batch } = record;
  const now = unixSeconds();
  const counts = batch.request_counts;
  counts.failed = counts.total - counts.completed;
  batch.output_file_id = outputFile;
  batch.error_file_id = errorFile;
  const failure = error ?? record.failure;
  if (failure !== null) {
    batch.errors = { object: "list", data: [failure] };
    batch.status = "failed";
    batch.failed_at = now;
  } else if (record.stop === "cancelled") {
    batch.status = "cancelled";
    batch.cancelled_at = now;
  } else if (record.stop === "expired") {
    batch.status = "expired";
    batch.expired_at = now;
  } else {
    batch.status = "completed";
    batch.completed_at = now;
  }
}

export function filesOf({ output_file_id: output, error_file_id: error }: BatchObject): string[] {
  return [output, error].filter((id) => id !== null);
}

function newBatch({ id, endpoint, inputFile, metadata }: NewBatch): BatchObject {
  const now = unixSeconds();
  return {
    id,
    object: "batch",
    endpoint,
    errors: null,
    input_file_id: inputFile,
    completion_window: "24h",
    status: "validating",
    output_file_id: null,
    error_file_id: null,
    created_at: now,
    in_progress_at: null,
    expires_at: now + COMPLETION_WINDOW,
    finalizing_at: null,
    completed_at: null,
    failed_at: null,
    expired_at: null,
    cancelling_at: null,
    cancelled_at: null,
    request_counts: { total: 0, completed: 0, failed: 0 },
    metadata,
  };
}
