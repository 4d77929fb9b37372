/** Processes a message of a batch: takes its next piece of work, does it, and sends the message that follows. */
import { AnswerStore } from "../../batches/answer-store.ts";
import { MAX_BEGUN_BATCHES } from "../../batches/batch-limits.ts";
import type { BatchMessage } from "../../batches/batch-message.ts";
import type { Work } from "../../batches/batch-state-rpc.ts";
import { accountBatches, batchState } from "../../batches/batches.ts";
import { OpenBatches } from "../../batches/open-batches.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { retrySeconds } from "../../runtime/background-work.ts";
import { warn } from "../../runtime/warn.ts";
import { answerPart } from "./answer-part.ts";
import { checkInput } from "./check-input.ts";
import { finishBatch } from "./finish-batch.ts";
import { HeldWork } from "../held-work.ts";
import type { JobsBindings } from "../jobs-bindings.ts";

/** Messages of a batch once its input is checked: one for each part that is worked on at once. */
const CHAINS = 2;

/** Acknowledges the message, or requests its redelivery. Never throws. */
export async function workOnBatch(message: Message<BatchMessage>, env: JobsBindings): Promise<void> {
  try {
    const { account, id } = message.body;
    const taker = { message: message.id, attempt: message.attempts };
    const state = batchState(env, account, id);
    let work = await state.take(taker, false);
    if (work.kind === "queued" && (await accountBatches(env, account).mayBegin(id, MAX_BEGUN_BATCHES)))
      work = await state.take(taker, true);
    // A message that comes for the first time is one too many: each consumer at work has a message of its own.
    if (work.kind === "busy" && message.attempts > 1) {
      message.retry({ delaySeconds: Math.ceil(work.milliseconds / 1000) });
      return;
    }
    for (const pauseMs of await doWork(work, message.body, env)) await send(message.body, pauseMs, env);
    message.ack();
  } catch (error) {
    warn("a piece of a batch failed", error);
    message.retry({ delaySeconds: retrySeconds(message.attempts - 1) });
  }
}

export async function send(message: BatchMessage, pauseMs: number, env: JobsBindings): Promise<void> {
  const options = pauseMs > 0 ? { delaySeconds: Math.ceil(pauseMs / 1000) } : {};
  await withDeadline(DEADLINES.small, () => env.BATCH_QUEUE.send(message, options));
}

/** @returns for each message that is to follow, after how many milliseconds */
async function doWork(work: Work, { account, id }: BatchMessage, env: JobsBindings): Promise<number[]> {
  switch (work.kind) {
    case "unknown":
    case "busy":
    // Whoever ends the batch before it sends a message.
    case "queued":
      return [];
    case "wait":
      return [work.milliseconds];
    case "over":
      await clearUp(account, id, env);
      return [];
    case "check": {
      const outcome = await checkInput(work, new HeldWork(batchState(env, account, id), work.token), env);
      if (outcome === "in order") return Array.from({ length: CHAINS }, () => 0);
      return outcome === "refused" ? [0] : [outcome.againMs];
    }
    case "part":
      await answerPart(work, new HeldWork(batchState(env, account, id), work.token), env);
      return [0];
    default:
      return [await finishBatch(work, new HeldWork(batchState(env, account, id), work.token), env)];
  }
}

/** Each step may be repeated; the mark goes last, so that it is. */
export async function clearUp(account: string, id: string, env: JobsBindings): Promise<void> {
  const next = await accountBatches(env, account).batchOver(id, MAX_BEGUN_BATCHES);
  for (const each of next) await send({ kind: "batch", account, id: each }, 0, env);
  await new AnswerStore(env.FILES, account, id).removeAll();
  await new OpenBatches(env.FILES).unmark(account, id);
}
