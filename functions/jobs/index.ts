/**
 * The jobs Worker: finishes in the background what is too large for a request. Its isolate is separate, so requests
 * never share memory with it. Only the queue and its schedule can reach it.
 */
import type * as z from "zod";
import { batchMessageSchema } from "../batches/batch-message.ts";
import { sweepFiles } from "../files/sweep.ts";
import { logCall } from "../runtime/log-call.ts";
import { warn } from "../runtime/warn.ts";
import { storedFileMessageSchema, storeMessageSchema } from "../vector-stores/store-message.ts";
import { buildLabels } from "./build-labels.ts";
import type { JobsBindings } from "./jobs-bindings.ts";
import { leaveStores } from "./vector-stores/leave-stores.ts";
import { sweepBatches } from "./sweeps/sweep-batches.ts";
import { sweepBuilds } from "./sweeps/sweep-builds.ts";
import { sweepStores } from "./sweeps/sweep-stores.ts";
import { workOnBatch } from "./batches/work-on-batch.ts";
import { workOnStore } from "./vector-stores/work-on-store.ts";

export default {
  queue: async (batch: MessageBatch, env: JobsBindings, ctx: ExecutionContext): Promise<void> => {
    for (const message of batch.messages) {
      if (isOf(batchMessageSchema, message)) await workOnBatch(message, env);
      else if (isOf(storeMessageSchema, message)) await workOnStore(message, env);
      else if (isOf(storedFileMessageSchema, message)) await leaveStores(message, env);
      else await buildLabels(message, env, ctx);
    }
  },
  scheduled: async (_event: ScheduledController, env: JobsBindings): Promise<void> => {
    const failures = [
      await swept("sweep", () => sweepFiles(env)),
      await swept("batches", () => sweepBatches(env)),
      await swept("vector stores", () => sweepStores(env)),
      await swept("label sets", () => sweepBuilds(env)),
    ];
    for (const failure of failures) if (failure !== undefined) throw failure;
  },
};

function isOf<Body>(schema: z.ZodType<Body>, message: Message): message is Message<Body> {
  return schema.safeParse(message.body).success;
}

/** A sweep that fails keeps no other from its work. @returns why it failed */
async function swept(name: string, sweep: () => Promise<number>): Promise<Error | undefined> {
  try {
    const cleared = await sweep();
    if (cleared > 0) logCall("jobs", name, { cleared });
    return undefined;
  } catch (cause) {
    warn(`${name} failed`, cause);
    return new Error(`${name} failed`, { cause });
  }
}
