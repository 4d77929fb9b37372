/**
 * Processes a message about a vector store: takes its next piece of work, does it, and sends the message that follows.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { sendMessage } from "../../runtime/send-message.ts";
import { warn } from "../../runtime/warn.ts";
import { StoreMarks } from "../../vector-stores/store-marks.ts";
import type { StoreMessage } from "../../vector-stores/store-message.ts";
import type { StoreWork } from "../../vector-stores/store-work-rpc.ts";
import { accountStores, type StoreObject, vectorStore } from "../../vector-stores/vector-stores.ts";
import { compactStore } from "./compact-store.ts";
import { fillStore } from "./fill-store.ts";
import { HeldWork } from "../held-work.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { takeWork } from "../take-work.ts";

/** Acknowledges the message, or requests its redelivery. Never throws. */
export async function workOnStore(message: Message<StoreMessage>, env: JobsBindings): Promise<void> {
  const store = vectorStore(env, message.body.account, message.body.id);
  await takeWork(message, {
    take: (taker) => store.take(taker),
    work: async (work) => {
      const pauseMs = await doWork(work, store, message.body, env);
      if (pauseMs !== undefined) await sendMessage(env.BUILDS, message.body, pauseMs);
    },
    failed: (error) => {
      // One that only has to wait is no failure.
      if (!(error instanceof ServiceError && error.code === "overloaded"))
        warn("work on a vector store failed", error);
    },
  });
}

/** @returns after how many milliseconds a message is to follow; undefined: none */
async function doWork(
  work: StoreWork,
  store: StoreObject,
  message: StoreMessage,
  env: JobsBindings,
): Promise<number | undefined> {
  switch (work.kind) {
    // What is left of one that is not known any more is the sweep's.
    case "unknown":
    case "none":
    case "busy":
      return undefined;
    case "wait":
      return work.milliseconds;
    case "clear":
      await clearStore(message.account, message.id, work.isRemoved, env);
      return undefined;
    case "compact":
      return await compactStore(work.compaction, new HeldWork(store, work.token), env);
    default:
      return await fillStore(work.filling, message, new HeldWork(store, work.token), env);
  }
}

/** Each step may be repeated; the mark goes last, so that it is. */
export async function clearStore(
  account: string,
  id: string,
  isRemoved: boolean,
  env: JobsBindings,
): Promise<void> {
  const marks = new StoreMarks(env.VECTORS);
  await marks.removeAllSegments(account, id);
  if (isRemoved) await accountStores(env, account).forgetStore(id);
  await vectorStore(env, account, id).erased();
  if (isRemoved) await marks.unmark(account, id);
}
