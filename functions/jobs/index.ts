/**
 * The jobs Worker: finishes in the background what is too large for a request. Its isolate is separate, so requests
 * never share memory with it. Only the queue and its schedule can reach it.
 */
import { sweepFiles } from "../files/sweep.ts";
import { logCall } from "../runtime/log-call.ts";
import { buildLabels } from "./build-labels.ts";
import type { JobsBindings } from "./jobs-bindings.ts";

export default {
  queue: async (batch: MessageBatch, env: JobsBindings, ctx: ExecutionContext): Promise<void> => {
    for (const message of batch.messages) await buildLabels(message, env, ctx);
  },
  scheduled: async (_event: ScheduledController, env: JobsBindings): Promise<void> => {
    const cleared = await sweepFiles(env);
    if (cleared > 0) logCall("jobs", "sweep", { cleared });
  },
};
