/** The Durable Object of a batch, as `functions/batches/batch-state-rpc.ts` says. */
import { DurableObject } from "cloudflare:workers";
import { COMPLETION_WINDOW, KEPT_FOR, MAX_OUTPUT_BYTES } from "../batches/batch-limits.ts";
import { type BatchError, type BatchObject, isOver } from "../batches/batch-object.ts";
import {
  type Answers,
  type BatchEnd,
  type BatchStateRpc,
  LEASE_MS,
  type NewBatch,
  type NewPart,
  type StopReason,
  type StoredAnswers,
  type Taker,
  type Unanswered,
  type Work,
} from "../batches/batch-state-rpc.ts";
import { BATCH_MIGRATIONS } from "./batch-migrations.ts";
import { migrate } from "./migrate.ts";
import { PartTable } from "./part-table.ts";
import { seconds } from "./seconds.ts";

/** Parts that are worked on at once: while the answers of one are written, the towers compute the other. */
const MAX_LENT = 2;
/** Milliseconds after which a message counts as lost that was expected. */
const IDLE_MS = 120_000;
/** By so many milliseconds, what is stored of the next message may be too early: not each renewal is to write a row. */
const EXPECTED_WITHIN_MS = 15_000;
/** Seconds after which a batch goes that nobody could end. */
const LONGEST_LIFE = COMPLETION_WINDOW + KEPT_FOR;

/** How far a batch is. */
interface BatchRecord {
  batch: BatchObject;
  stop: StopReason | null;
  /** Why the batch will have failed, if `stop` is a failure. */
  failure: BatchError | null;
  outputBytes: number;
  /** Of the check of the input, then of the end. */
  token: string | null;
  taker: Taker | null;
  /** Milliseconds since 1970. */
  lentUntil: number;
  /** How often the end was begun. */
  ends: number;
  /** When the next message should come at the latest, if none is lost. Milliseconds since 1970. */
  expectedAt: number;
}

interface Known {
  made: NewBatch;
  record: BatchRecord;
}

export class BatchState extends DurableObject implements BatchStateRpc {
  readonly #storage: DurableObjectStorage;
  readonly #parts: PartTable;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    this.#parts = new PartTable(ctx.storage);
    // Whoever asks for a batch that does not exist is not to make tables.
    if (this.#hasTables()) migrate(ctx.storage, BATCH_MIGRATIONS);
  }

  async create(made: NewBatch): Promise<BatchObject> {
    migrate(this.#storage, BATCH_MIGRATIONS);
    const known = this.#known();
    if (known !== undefined) return known.record.batch;
    const record: BatchRecord = {
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
    this.#storage.sql.exec(
      "INSERT INTO batch (one, made, record) VALUES (1, ?, ?)",
      JSON.stringify(made),
      JSON.stringify(record),
    );
    await this.#storage.setAlarm(Date.now() + LONGEST_LIFE * 1000);
    return record.batch;
  }

  async get(): Promise<BatchObject | undefined> {
    return this.#known()?.record.batch;
  }

  async getAndRevive(): Promise<{ batch: BatchObject; isIdle: boolean } | undefined> {
    const known = this.#known();
    if (known === undefined) return undefined;
    const { record } = known;
    const now = Date.now();
    const isIdle = !isOver(record.batch) && now > record.expectedAt + IDLE_MS;
    if (isIdle) this.#write({ ...record, expectedAt: now });
    return { batch: record.batch, isIdle };
  }

  async cancel(): Promise<BatchObject | undefined> {
    const known = this.#known();
    if (known === undefined) return undefined;
    const { record } = known;
    const { status } = record.batch;
    if (record.stop === null && (status === "validating" || status === "in_progress")) {
      record.stop = "cancelled";
      record.batch = { ...record.batch, status: "cancelling", cancelling_at: seconds() };
      if (status === "validating") this.#dropInput(record);
      this.#write(record);
    }
    return record.batch;
  }

  async take(taker: Taker, mayBegin: boolean): Promise<Work> {
    return this.#storage.transactionSync(() => {
      const known = this.#known();
      if (known === undefined) return { kind: "unknown" };
      const { made, record } = known;
      if (isOver(record.batch)) return { kind: "over", batch: made };
      this.#takeBack(record, taker);
      this.#expire(record);
      if (record.stop === null && record.batch.status === "validating") {
        if (mayBegin) return this.#takeCheck(made, record, taker);
        this.#expect(record, 0);
        return { kind: "queued" };
      }
      if (record.stop === null && record.batch.status === "in_progress") {
        const work = this.#takePart(made, taker);
        if (work !== undefined) {
          this.#expect(record, work.kind === "wait" ? work.milliseconds : LEASE_MS);
          return work;
        }
      }
      return this.#takeFinish(made, record, taker);
    });
  }

  async renew(token: string): Promise<boolean> {
    const known = this.#known();
    if (known === undefined) return false;
    const { record } = known;
    const now = Date.now();
    if (record.token === token) {
      record.lentUntil = now + LEASE_MS;
      record.expectedAt = record.lentUntil;
      this.#write(record);
      return true;
    }
    if (record.stop !== null || !this.#parts.renew(token, now)) return false;
    this.#expect(record, LEASE_MS);
    return true;
  }

  async release(token: string, pauseMs: number): Promise<void> {
    const known = this.#known();
    if (known === undefined) return;
    const { record } = known;
    const notBefore = Date.now() + pauseMs;
    if (record.token === token) {
      this.#write({ ...record, token: null, lentUntil: 0, expectedAt: notBefore });
    } else if (this.#parts.release(token, notBefore)) this.#expect(record, pauseMs);
  }

  async addParts(token: string, first: number, parts: NewPart[]): Promise<boolean> {
    return this.#storage.transactionSync(() => {
      const record = this.#held(token);
      if (record === undefined) return false;
      this.#parts.add(first, parts);
      const lentUntil = Date.now() + LEASE_MS;
      this.#write({ ...record, lentUntil, expectedAt: lentUntil });
      return true;
    });
  }

  async checked(token: string, lines: number): Promise<boolean> {
    const record = this.#held(token);
    if (record === undefined) return false;
    const { batch } = record;
    batch.status = "in_progress";
    batch.in_progress_at = seconds();
    batch.request_counts.total = lines;
    this.#write({ ...record, token: null, lentUntil: 0, expectedAt: Date.now() });
    return true;
  }

  async refused(token: string, errors: BatchError[]): Promise<boolean> {
    const record = this.#held(token);
    if (record === undefined) return false;
    this.#dropInput(record);
    const now = seconds();
    record.batch = {
      ...record.batch,
      status: "failed",
      failed_at: now,
      errors: { object: "list", data: errors },
    };
    this.#write(record);
    await this.#keepFor();
    return true;
  }

  async answered(token: string, answers: Answers): Promise<boolean> {
    return this.#storage.transactionSync(() => {
      const known = this.#known();
      const status = known?.record.batch.status;
      // What comes once the files are being written would be in neither.
      if (known === undefined || (status !== "in_progress" && status !== "cancelling")) return false;
      const { record } = known;
      if (record.ends > 0 || !this.#parts.answered(token, answers, Date.now())) return false;
      record.batch.request_counts.completed += answers.completed;
      record.batch.request_counts.failed += answers.failed;
      record.outputBytes += answers.outputBytes + answers.errorBytes;
      record.expectedAt = Math.max(record.expectedAt, Date.now());
      if (record.outputBytes > MAX_OUTPUT_BYTES) {
        const message = `the answers take more than ${MAX_OUTPUT_BYTES} bytes; the lines after that were not answered`;
        stop(record, "output_too_large", message, null);
      }
      this.#write(record);
      return true;
    });
  }

  async inputGone(token: string): Promise<void> {
    const known = this.#known();
    if (known === undefined) return;
    const { record } = known;
    // Whoever finds it later than the end was begun, or than his part was lent to another, has no say.
    if (record.ends > 0 || !this.#parts.release(token, 0)) return;
    stop(record, "input_file_gone", "the input file was deleted or has expired", "input_file_id");
    this.#write(record);
  }

  async results(afterPart: number, afterToken: string, limit: number): Promise<StoredAnswers[]> {
    return this.#parts.results(afterPart, afterToken, limit);
  }

  async unanswered(afterPart: number, characters: number): Promise<Unanswered[]> {
    return this.#parts.unanswered(afterPart, characters);
  }

  async finished(token: string, { outputFile, errorFile, error }: BatchEnd): Promise<string[] | undefined> {
    const known = this.#known();
    if (known === undefined) return [];
    const { record } = known;
    const { batch } = record;
    if (isOver(batch)) return filesOf(batch);
    if (record.token !== token) return undefined;
    const now = seconds();
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
    this.#write({ ...record, token: null, lentUntil: 0 });
    await this.#keepFor();
    return filesOf(batch);
  }

  /** The batch has been over for long enough. */
  override async alarm(): Promise<void> {
    await this.#storage.deleteAll();
  }

  #takeCheck(batch: NewBatch, record: BatchRecord, taker: Taker): Work {
    const token = this.#lend(record, taker);
    return token === undefined ? busy(record.lentUntil) : { kind: "check", batch, token };
  }

  /** @returns undefined if all parts are done */
  #takePart(batch: NewBatch, taker: Taker): Work | undefined {
    const now = Date.now();
    const { lent, open } = this.#parts.counts(now);
    if (open === 0) return undefined;
    if (lent >= MAX_LENT) return busy(this.#parts.lentUntil());
    const token = crypto.randomUUID();
    const part = this.#parts.lend(token, taker, now);
    if (part !== undefined) return { kind: "part", batch, token, part };
    return { kind: "wait", milliseconds: Math.max(1_000, this.#parts.nextAt() - now) };
  }

  #takeFinish(batch: NewBatch, record: BatchRecord, taker: Taker): Work {
    const now = Date.now();
    // Whoever works on a part hears at his next renewal that it is not wanted any more.
    const lentUntil = this.#parts.lentUntil();
    if (record.ends === 0 && lentUntil > now) {
      const milliseconds = Math.min(5_000, lentUntil - now);
      this.#expect(record, milliseconds);
      return { kind: "wait", milliseconds };
    }
    const isRepeated = record.ends > 0;
    if (record.batch.status !== "cancelling") {
      record.batch.status = "finalizing";
      record.batch.finalizing_at ??= seconds();
    }
    const token = this.#lend(record, taker);
    if (token === undefined) return busy(record.lentUntil);
    record.ends++;
    this.#write(record);
    const { outputBytes, errorBytes } = this.#parts.totals();
    const mayWait = seconds() < record.batch.expires_at;
    return { kind: "finish", batch, token, stop: record.stop, isRepeated, mayWait, outputBytes, errorBytes };
  }

  /** Lends what only one may do. @returns undefined if another has it */
  #lend(record: BatchRecord, taker: Taker): string | undefined {
    const now = Date.now();
    if (record.lentUntil > now) return undefined;
    record.token = crypto.randomUUID();
    record.taker = taker;
    record.lentUntil = now + LEASE_MS;
    record.expectedAt = record.lentUntil;
    this.#write(record);
    return record.token;
  }

  /** The batch's next message comes within so many milliseconds. */
  #expect(record: BatchRecord, milliseconds: number): void {
    const expectedAt = Date.now() + milliseconds;
    if (expectedAt > record.expectedAt + EXPECTED_WITHIN_MS) this.#write({ ...record, expectedAt });
  }

  #takeBack(record: BatchRecord, taker: Taker): void {
    this.#parts.takeBack(taker);
    const { message, attempt = 0 } = record.taker ?? {};
    if (message === taker.message && attempt < taker.attempt) record.lentUntil = 0;
  }

  #expire(record: BatchRecord): void {
    const { status, expires_at } = record.batch;
    if (record.stop !== null || status === "finalizing" || seconds() < expires_at) return;
    record.stop = "expired";
    if (status === "validating") this.#dropInput(record);
    this.#write(record);
  }

  /** The input was not read to its end, or is not what it should be: no line of it counts. */
  #dropInput(record: BatchRecord): void {
    this.#parts.removeAll();
    record.token = null;
    record.lentUntil = 0;
  }

  async #keepFor(): Promise<void> {
    await this.#storage.setAlarm(Date.now() + KEPT_FOR * 1000);
  }

  #held(token: string): BatchRecord | undefined {
    const record = this.#known()?.record;
    return record?.token === token ? record : undefined;
  }

  #known(): Known | undefined {
    if (!this.#hasTables()) return undefined;
    const [row] = this.#storage.sql.exec<{ made: string; record: string }>("SELECT * FROM batch").toArray();
    return row && { made: JSON.parse(row.made) as NewBatch, record: JSON.parse(row.record) as BatchRecord };
  }

  #write(record: BatchRecord): void {
    this.#storage.sql.exec("UPDATE batch SET record = ?", JSON.stringify(record));
  }

  #hasTables(): boolean {
    return this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'batch'").toArray().length > 0;
  }
}

function newBatch({ id, endpoint, inputFile, metadata }: NewBatch): BatchObject {
  const now = seconds();
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

function filesOf({ output_file_id: output, error_file_id: error }: BatchObject): string[] {
  return [output, error].filter((id) => id !== null);
}

function busy(until: number): Work {
  return { kind: "busy", milliseconds: Math.max(1_000, until - Date.now()) };
}

/** The first reason counts. */
function stop(record: BatchRecord, reason: StopReason, message: string, param: string | null): void {
  if (record.stop !== null) return;
  record.stop = reason;
  record.failure = { code: reason, message, param, line: null };
}
