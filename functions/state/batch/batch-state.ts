/** The Durable Object of a batch, as `functions/batches/batch-state-rpc.ts` says. */
import { DurableObject } from "cloudflare:workers";
import { KEPT_FOR, LONGEST_LIFE, MAX_OUTPUT_BYTES } from "../../batches/batch-limits.ts";
import { type BatchError, type BatchObject, isOver } from "../../batches/batch-object.ts";
import {
  type Answers,
  type BatchEnd,
  type BatchStateRpc,
  type NewBatch,
  type NewPart,
  type StoredAnswers,
  type Unanswered,
  type Work,
} from "../../batches/batch-state-rpc.ts";
import { type Taker, WORK_LEASE_MS } from "../../runtime/background-work.ts";
import { BATCH_MIGRATIONS } from "./batch-migrations.ts";
import { end, filesOf, newRecord, refuse, stopWith } from "./batch-record.ts";
import { BatchRow } from "./batch-row.ts";
import { BatchWorkshop } from "./batch-workshop.ts";
import { FailingParts } from "./failing-parts.ts";
import { migrate } from "../migrate.ts";
import { PartTable } from "./part-table.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

/** Milliseconds after which a message counts as lost that was expected. */
const IDLE_MS = 120_000;

export class BatchState extends DurableObject implements BatchStateRpc {
  readonly #storage: DurableObjectStorage;
  readonly #row: BatchRow;
  readonly #parts: PartTable;
  readonly #failing: FailingParts;
  readonly #workshop: BatchWorkshop;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    this.#row = new BatchRow(ctx.storage);
    this.#parts = new PartTable(ctx.storage);
    this.#failing = new FailingParts(ctx.storage);
    this.#workshop = new BatchWorkshop(this.#row, this.#parts);
    // A question about a batch that does not exist must not make tables.
    if (this.#row.exists()) migrate(ctx.storage, BATCH_MIGRATIONS);
  }

  async create(made: NewBatch): Promise<BatchObject> {
    migrate(this.#storage, BATCH_MIGRATIONS);
    const known = this.#row.read();
    if (known !== undefined) return known.record.batch;
    const record = newRecord(made);
    this.#row.insert(made, record);
    await this.#storage.setAlarm(Date.now() + LONGEST_LIFE * 1000);
    return record.batch;
  }

  async get(): Promise<BatchObject | undefined> {
    return this.#row.read()?.record.batch;
  }

  async getAndRevive(): Promise<{ batch: BatchObject; isIdle: boolean } | undefined> {
    const known = this.#row.read();
    if (known === undefined) return undefined;
    const { record } = known;
    const now = Date.now();
    const isIdle = !isOver(record.batch) && now > record.expectedAt + IDLE_MS;
    if (isIdle) this.#row.write({ ...record, expectedAt: now });
    return { batch: record.batch, isIdle };
  }

  async cancel(): Promise<BatchObject | undefined> {
    const known = this.#row.read();
    if (known === undefined) return undefined;
    const { record } = known;
    const { status } = record.batch;
    if (record.stop === null && (status === "validating" || status === "in_progress")) {
      record.stop = "cancelled";
      record.batch = { ...record.batch, status: "cancelling", cancelling_at: unixSeconds() };
      if (status === "validating") this.#workshop.dropInput(record);
      this.#row.write(record);
    }
    return record.batch;
  }

  async take(taker: Taker, mayBegin: boolean): Promise<Work> {
    return this.#storage.transactionSync(() => {
      const known = this.#row.read();
      return known === undefined ? { kind: "unknown" } : this.#workshop.take(known, taker, mayBegin);
    });
  }

  async renew(token: string): Promise<boolean> {
    const known = this.#row.read();
    if (known === undefined) return false;
    const { record } = known;
    const now = Date.now();
    if (record.token === token) {
      record.lentUntil = now + WORK_LEASE_MS;
      record.expectedAt = record.lentUntil;
      this.#row.write(record);
      return true;
    }
    if (record.stop !== null || !this.#parts.renew(token, now)) return false;
    this.#row.expect(record, WORK_LEASE_MS);
    return true;
  }

  async release(token: string, pauseMs: number): Promise<void> {
    const known = this.#row.read();
    if (known === undefined) return;
    const { record } = known;
    const notBefore = Date.now() + pauseMs;
    if (record.token === token) {
      this.#row.write({ ...record, token: null, lentUntil: 0, expectedAt: notBefore });
    } else if (this.#parts.release(token, notBefore)) this.#row.expect(record, pauseMs);
  }

  async addParts(token: string, first: number, parts: NewPart[]): Promise<boolean> {
    return this.#storage.transactionSync(() => {
      const record = this.#row.heldBy(token);
      if (record === undefined) return false;
      this.#parts.add(first, parts);
      const lentUntil = Date.now() + WORK_LEASE_MS;
      this.#row.write({ ...record, lentUntil, expectedAt: lentUntil });
      return true;
    });
  }

  async checked(token: string, lines: number): Promise<boolean> {
    const record = this.#row.heldBy(token);
    if (record === undefined) return false;
    const { batch } = record;
    batch.status = "in_progress";
    batch.in_progress_at = unixSeconds();
    batch.request_counts.total = lines;
    this.#row.write({ ...record, token: null, lentUntil: 0, expectedAt: Date.now() });
    return true;
  }

  async refused(token: string, errors: BatchError[]): Promise<boolean> {
    const record = this.#row.heldBy(token);
    if (record === undefined) return false;
    this.#workshop.dropInput(record);
    refuse(record, errors);
    this.#row.write(record);
    await this.#keepFor();
    return true;
  }

  async answered(token: string, answers: Answers): Promise<boolean> {
    return this.#storage.transactionSync(() => {
      const known = this.#row.read();
      const status = known?.record.batch.status;
      // What comes once the files are being written would be in neither.
      if (known === undefined || (status !== "in_progress" && status !== "cancelling")) return false;
      const { record } = known;
      if (record.ends > 0 || !this.#parts.answered(token, answers, Date.now())) return false;
      record.batch.request_counts.completed += answers.completed;
      record.batch.request_counts.failed += answers.failed;
      record.outputBytes += answers.outputBytes + answers.errorBytes;
      const now = Date.now();
      record.expectedAt = Math.max(record.expectedAt, now);
      if (answers.completed > 0) record.answeredAt = now;
      if (record.outputBytes > MAX_OUTPUT_BYTES) {
        const message = `the answers take more than ${MAX_OUTPUT_BYTES} bytes; the lines after that were not answered`;
        stopWith(record, "output_too_large", message, null);
      }
      this.#row.write(record);
      return true;
    });
  }

  async failed(token: string): Promise<void> {
    this.#storage.transactionSync(() => {
      const known = this.#row.read();
      if (known === undefined || known.record.ends > 0) return;
      const { record } = known;
      const failed = this.#failing.failed(token, record.answeredAt ?? 0, Date.now());
      if (failed === undefined) return;
      if (failed.isGivenUp) {
        record.batch.request_counts.failed++;
        this.#row.write(record);
      }
      this.#row.expect(record, failed.pauseMs);
    });
  }

  async inputGone(token: string): Promise<void> {
    const known = this.#row.read();
    if (known === undefined) return;
    const { record } = known;
    // It does not count once the end has begun, or once the part was lent to another consumer.
    if (record.ends > 0 || !this.#parts.release(token, 0)) return;
    stopWith(record, "input_file_gone", "the input file was deleted or has expired", "input_file_id");
    this.#row.write(record);
  }

  async results(afterPart: number, afterToken: string, limit: number): Promise<StoredAnswers[]> {
    return this.#parts.results(afterPart, afterToken, limit);
  }

  async unanswered(afterPart: number, characters: number): Promise<Unanswered[]> {
    return this.#parts.unanswered(afterPart, characters);
  }

  async finished(token: string, files: BatchEnd): Promise<string[] | undefined> {
    const known = this.#row.read();
    if (known === undefined) return [];
    const { record } = known;
    const { batch } = record;
    if (isOver(batch)) return filesOf(batch);
    if (record.token !== token) return undefined;
    end(record, files);
    this.#row.write({ ...record, token: null, lentUntil: 0 });
    await this.#keepFor();
    return filesOf(batch);
  }

  /** The batch has been over for long enough. */
  override async alarm(): Promise<void> {
    await this.#storage.deleteAll();
  }

  async #keepFor(): Promise<void> {
    await this.#storage.setAlarm(Date.now() + KEPT_FOR * 1000);
  }
}
