/** Processes a message of a batch: takes its next piece of work, does it, and sends the message that follows. */
import { AnswerStore } from "../../batches/answer-store.ts";
import { MAX_BEGUN_BATCHES } from "../../batches/batch-limits.ts";
import type { BatchMessage } from "../../batches/batch-message.ts";
import type { Work } from "../../batches/batch-state-rpc.ts";
import { accountBatches, batchState } from "../../batches/batches.ts";
import { OpenBatches } from "../../batches/open-batches.ts";
import { sendMessage } from "../../runtime/send-message.ts";
import { warn } from "../../runtime/warn.ts";
import { answerPart } from "./answer-part.ts";
import { checkInput } from "./check-input.ts";
import { finishBatch } from "./finish-batch.ts";
import { HeldWork } from "../held-work.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { takeWork } from "../take-work.ts";

/** Messages of a batch once its input is checked: one for each part that is worked on at once. */
const CHAINS = 2;

/** Acknowledges the message, or requests its redelivery. Never throws. */
export async function workOnBatch(message: Message<BatchMessage>, env: JobsBindings): Promise<void> {
  const { account, id } = message.body;
  await takeWork(message, {
    take: async (taker) => {
      const state = batchState(env, account, id);
      const work = await state.take(taker, false);
      if (work.kind !== "queued") return work;
      const mayBegin = await accountBatches(env, account).mayBegin(id, MAX_BEGUN_BATCHES);
      return mayBegin ? await state.take(taker, true) : work;
    },
    work: async (work) => {
      for (const pauseMs of await doWork(work, message.body, env))
        await sendMessage(env.BATCH_QUEUE, message.body, pauseMs);
    },
    failed: (error) => warn("a piece of a batch failed", error),
  });
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
  for (const each of next) await sendMessage(env.BATCH_QUEUE, { kind: "batch", account, id: each });
  await new AnswerStore(env.FILES, account, id).removeAll();
  await new OpenBatches(env.FILES).unmark(account, id);
}
