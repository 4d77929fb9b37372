/** The work that a batch lends, as `functions/batches/batch-state-rpc.ts` says. Every method runs within a transaction. */
import { isOver } from "../../batches/batch-object.ts";
import type { NewBatch, Work } from "../../batches/batch-state-rpc.ts";
import { type Taker, WORK_LEASE_MS } from "../../runtime/background-work.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";
import { isTakenBefore, waitUntil } from "../lent-work.ts";
import type { BatchRecord } from "./batch-record.ts";
import type { BatchRow, KnownBatch } from "./batch-row.ts";
import type { PartTable } from "./part-table.ts";

/** Parts that are worked on at once: while the answers of one are written, the towers compute the other. */
const MAX_LENT = 2;
/** Milliseconds until it is checked again whether a part that must be alone, or others beside it, may be lent. */
const ALONE_AGAIN_MS = 5_000;

export class BatchWorkshop {
  readonly #row: BatchRow;
  readonly #parts: PartTable;

  constructor(row: BatchRow, parts: PartTable) {
    this.#row = row;
    this.#parts = parts;
  }

  take({ made, record }: KnownBatch, taker: Taker, mayBegin: boolean): Work {
    if (isOver(record.batch)) return { kind: "over" };
    this.#takeBack(record, taker);
    this.#expire(record);
    if (record.stop === null && record.batch.status === "validating") {
      if (mayBegin) return this.#takeCheck(made, record, taker);
      this.#row.expect(record, 0);
      return { kind: "queued" };
    }
    if (record.stop === null && record.batch.status === "in_progress") {
      const work = this.#takePart(made, record, taker);
      if (work !== undefined) {
        this.#row.expect(record, work.kind === "wait" ? work.milliseconds : WORK_LEASE_MS);
        return work;
      }
    }
    return this.#takeFinish(made, record, taker);
  }

  /** The input was not read to its end, or is not what it should be: no line of it counts. */
  dropInput(record: BatchRecord): void {
    this.#parts.removeAll();
    record.token = null;
    record.lentUntil = 0;
  }

  #takeCheck(batch: NewBatch, record: BatchRecord, taker: Taker): Work {
    const token = this.#row.lend(record, taker);
    return token === undefined ? busy(record.lentUntil) : { kind: "check", batch, token };
  }

  /** @returns undefined if all parts are done */
  #takePart(batch: NewBatch, { outputBytes }: BatchRecord, taker: Taker): Work | undefined {
    const now = Date.now();
    const { lent, suspects, open } = this.#parts.counts(now);
    if (open === 0) return undefined;
    // The message must come back: after the suspect there may be work for one consumer more.
    if (suspects > 0) return { kind: "wait", milliseconds: ALONE_AGAIN_MS };
    if (lent >= MAX_LENT) return busy(this.#parts.lentUntil());
    const token = crypto.randomUUID();
    const part = this.#parts.lend(token, taker, now, lent === 0);
    if (part !== undefined) return { kind: "part", batch, token, part, storedBytes: outputBytes };
    const next = waitUntil(this.#parts.nextAt());
    return { kind: "wait", milliseconds: lent === 0 ? next : Math.max(ALONE_AGAIN_MS, next) };
  }

  #takeFinish(batch: NewBatch, record: BatchRecord, taker: Taker): Work {
    const now = Date.now();
    // A consumer that works on a part learns at its next renewal that the part is not wanted any more.
    const lentUntil = this.#parts.lentUntil();
    if (record.ends === 0 && lentUntil > now) {
      const milliseconds = Math.min(5_000, lentUntil - now);
      this.#row.expect(record, milliseconds);
      return { kind: "wait", milliseconds };
    }
    const isRepeated = record.ends > 0;
    if (record.batch.status !== "cancelling") {
      record.batch.status = "finalizing";
      record.batch.finalizing_at ??= unixSeconds();
    }
    const token = this.#row.lend(record, taker);
    if (token === undefined) return busy(record.lentUntil);
    record.ends++;
    this.#row.write(record);
    const { outputBytes, errorBytes } = this.#parts.totals();
    const mayWait = unixSeconds() < record.batch.expires_at;
    return { kind: "finish", batch, token, stop: record.stop, isRepeated, mayWait, outputBytes, errorBytes };
  }

  #takeBack(record: BatchRecord, taker: Taker): void {
    this.#parts.takeBack(taker);
    if (isTakenBefore(record.taker, taker)) record.lentUntil = 0;
  }

  #expire(record: BatchRecord): void {
    const { status, expires_at } = record.batch;
    if (record.stop !== null || status === "finalizing" || unixSeconds() < expires_at) return;
    record.stop = "expired";
    if (status === "validating") this.dropInput(record);
    this.#row.write(record);
  }
}

function busy(until: number): Work {
  return { kind: "busy", milliseconds: waitUntil(until) };
}
