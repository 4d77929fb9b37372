/**
 * The jobs Worker: finishes in the background what is too large for a request. Its isolate is separate, so requests
 * never share memory with it. Only the queue can reach it.
 */
import { buildLabels } from "./build-labels.ts";
import type { JobsBindings } from "./jobs-bindings.ts";

export default {
  queue: async (batch: MessageBatch, env: JobsBindings, ctx: ExecutionContext): Promise<void> => {
    for (const message of batch.messages) await buildLabels(message, env, ctx);
  },
};
