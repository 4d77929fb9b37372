/** Has the lines of a part answered by the gateway, and stores the answers. */
import { AnswerStore, type AnswerWriter } from "../../batches/answer-store.ts";
import { ERROR, OUTPUT } from "../../batches/lines-rpc.ts";
import type { Work } from "../../batches/batch-state-rpc.ts";
import { accountBatches } from "../../batches/batches.ts";
import { AccountFiles } from "../../files/account-files.ts";
import { retrySeconds } from "../../runtime/background-work.ts";
import { readPieces } from "../../runtime/bytes/read-pieces.ts";
import { logCall } from "../../runtime/log-call.ts";
import { warn } from "../../runtime/warn.ts";
import { askLines } from "./ask-lines.ts";
import { ROOM_AFTER_MS } from "./finish-batch.ts";
import type { HeldWork } from "../held-work.ts";
import { isFailure } from "./ask-lines.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { recordLines } from "./record-lines.ts";

type PartWork = Extract<Work, { kind: "part" }>;

/** Bytes of the errors of a part: some hundred each. */
const MAX_ERROR_BYTES = 8_000_000;
const LINE_FEED = 0x0a;

export async function answerPart(work: PartWork, held: HeldWork, env: JobsBindings): Promise<void> {
  const { batch, part, storedBytes } = work;
  const store = new AnswerStore(env.FILES, batch.account, batch.id);
  const pauseMs = 1000 * retrySeconds(part.tries);
  const began = Date.now();
  const writer = store.writer(part.number, held.token);
  try {
    const account = accountBatches(env, batch.account);
    if (!(await account.storeAnswers(batch.id, storedBytes, batch.maxStored))) {
      await held.release(ROOM_AFTER_MS);
      return;
    }
    const range = { offset: part.offset, length: part.bytes };
    const input = await new AccountFiles(env, batch.account).blobs.open(batch.inputFile, range);
    if (input === undefined) {
      await held.state.inputGone(held.token);
      return;
    }
    const { keyId, tier, endpoint } = batch;
    const request = { account: batch.account, keyId, tier, endpoint, count: part.lines, left: part.left };
    const requestId = `${batch.id}_${part.number}`;
    const [answered, { outputBytes, errorBytes }] = await askLines(
      env,
      held,
      request,
      input.body,
      requestId,
      (answers, alive) => writeAnswers(answers, writer, alive),
    );
    const { completed, failed, left, isOverloaded, isBroken, usage } = answered;
    logCall("jobs", requestId, { completed, failed, left: left.length });
    if (completed + failed === 0) {
      if (isBroken && !isOverloaded) await held.state.failed(held.token);
      else await held.release(isOverloaded ? pauseMs : 0);
      return;
    }
    await writer.finish();
    const pause = isOverloaded ? pauseMs : 0;
    const answers = { part: part.number, outputBytes, errorBytes, completed, failed, left, pauseMs: pause };
    const isTaken = await held.state.answered(held.token, answers);
    if (isTaken) recordLines(env, batch, `/v1/batches${batch.endpoint}`, usage, Date.now() - began);
  } catch (error) {
    await writer.abandon();
    if (isFailure(error)) {
      // Its message must not come again and again: other parts of the batch can be answered.
      warn("a part of a batch failed", error);
      await held.state.failed(held.token);
      return;
    }
    await held.release(pauseMs);
    throw error;
  }
}

/** Writes the lines of the output file, then those of the error file. @returns bytes of each */
async function writeAnswers(
  answers: ReadableStream<Uint8Array>,
  writer: AnswerWriter,
  alive: () => void,
): Promise<{ outputBytes: number; errorBytes: number }> {
  const errors = await separate(answers, writer, alive);
  const outputBytes = writer.bytes;
  for (const error of errors) await writer.write(error);
  return { outputBytes, errorBytes: writer.bytes - outputBytes };
}

/** Writes the lines of the output file. @returns those of the error file */
async function separate(
  answers: ReadableStream<Uint8Array>,
  writer: AnswerWriter,
  alive: () => void,
): Promise<Uint8Array[]> {
  const errors: Uint8Array[] = [];
  let errorBytes = 0;
  let kind: number | undefined;
  for await (const piece of readPieces(answers)) {
    alive();
    for (let at = 0; at < piece.length;) {
      if (kind === undefined) {
        kind = piece[at++];
        if (kind !== OUTPUT && kind !== ERROR) throw new Error("the gateway's answer has an unknown format");
        continue;
      }
      const feed = piece.indexOf(LINE_FEED, at);
      const some = piece.subarray(at, feed === -1 ? piece.length : feed + 1);
      if (kind === OUTPUT) await writer.write(some);
      else {
        errorBytes += some.length;
        if (errorBytes > MAX_ERROR_BYTES) throw new Error("the errors of a part are too long");
        errors.push(some.slice());
      }
      at += some.length;
      if (feed !== -1) kind = undefined;
    }
  }
  if (kind !== undefined) throw new Error("the gateway's answer ended early");
  return errors;
}
