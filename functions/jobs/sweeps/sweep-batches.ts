/** Sends on their way again batches that are not over, and whose messages may have been lost. */
import { isOver } from "../../batches/batch-object.ts";
import { accountBatches, batchState } from "../../batches/batches.ts";
import { OpenBatches } from "../../batches/open-batches.ts";
import { sendMessage } from "../../runtime/send-message.ts";
import { SweepPlace } from "../../runtime/sweep-place.ts";
import type { Marked } from "../../runtime/account-marks.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { MADE_AFTER_MS, sweepMarks } from "./sweep-marks.ts";
import { clearUp } from "../batches/work-on-batch.ts";

/** @returns how many were sent on */
export async function sweepBatches(env: JobsBindings): Promise<number> {
  const place = new SweepPlace(env.FILES, "sweep-batches");
  return await sweepMarks(
    new OpenBatches(env.FILES),
    place,
    (marked) => careFor(marked, env),
    "batch not sent on",
  );
}

async function careFor({ account, id, markedAt }: Marked, env: JobsBindings): Promise<boolean> {
  const known = await batchState(env, account, id).getAndRevive();
  if (known === undefined) {
    if (Date.now() - markedAt.getTime() < MADE_AFTER_MS) return false;
    await accountBatches(env, account).forgetBatch(id);
    await clearUp(account, id, env);
    return false;
  }
  // One that is over still has its mark, so it was not cleared up.
  const isDue = known.isIdle || isOver(known.batch);
  if (isDue) await sendMessage(env.BATCH_QUEUE, { kind: "batch", account, id });
  return isDue;
}
