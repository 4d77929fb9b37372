/** Sends on their way again batches that are not over, and whose messages may have been lost. */
import { isOver } from "../batches/batch-object.ts";
import { accountBatches, batchState } from "../batches/batches.ts";
import { OpenBatches } from "../batches/open-batches.ts";
import { SweepPlace } from "../files/sweep-place.ts";
import { warn } from "../runtime/warn.ts";
import type { JobsBindings } from "./jobs-bindings.ts";
import { clearUp, send } from "./work-on-batch.ts";

/** Milliseconds after its mark within which a batch has been made, if its request succeeded. */
const MADE_AFTER_MS = 600_000;
/** Batches of a sweep, each of which takes a few of the 10,000 subrequests of an invocation. */
const MOST = 1_000;
/** Key of the mark that the sweep has come to. */
const PLACE = "sweep-batches";

/** @returns how many were sent on */
export async function sweepBatches(env: JobsBindings): Promise<number> {
  let sent = 0;
  let left = MOST;
  const place = new SweepPlace(env.FILES, PLACE);
  let next: string | undefined;
  for await (const each of new OpenBatches(env.FILES).after(await place.read())) {
    if (left-- === 0) break;
    const { account, id, markedAt } = each;
    next = each.place;
    try {
      const known = await batchState(env, account, id).getAndRevive();
      if (known === undefined) {
        if (Date.now() - markedAt.getTime() < MADE_AFTER_MS) continue;
        await accountBatches(env, account).forgetBatch(id);
        await clearUp(account, id, env);
      } else if (known.isIdle || isOver(known.batch)) {
        // One that is over still has its mark, so it was not cleared up.
        await send({ kind: "batch", account, id }, 0, env);
        sent++;
      }
    } catch (error) {
      warn("batch not sent on", error);
    }
  }
  await place.store(left < 0 ? next : undefined);
  return sent;
}
