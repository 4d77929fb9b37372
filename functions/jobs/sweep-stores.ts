/**
 * Looks after vector stores: sends on their way those whose messages may have been lost, and clears what no search needs
 * any more, and what is left of stores that were begun and not made.
 */
import { SweepPlace } from "../files/sweep-place.ts";
import { warn } from "../runtime/warn.ts";
import { type MarkedStore, StoreMarks } from "../vector-stores/store-marks.ts";
import { sendStoreOn, vectorStore } from "../vector-stores/vector-stores.ts";
import type { JobsBindings } from "./jobs-bindings.ts";
import { clearStore } from "./work-on-store.ts";

/** Milliseconds in which whoever has marked a store has made it. */
const MADE_AFTER_MS = 600_000;
/** Stores of a sweep, each of which takes a few of the 10,000 subrequests of an invocation. */
const MOST = 1_000;
/** Key of the mark that the sweep has come to. */
const PLACE = "sweep-stores";

/** @returns how many were sent on, or had something to clear */
export async function sweepStores(env: JobsBindings): Promise<number> {
  let cared = 0;
  let left = MOST;
  const place = new SweepPlace(env.VECTORS, PLACE);
  let next: string | undefined;
  for await (const each of new StoreMarks(env.VECTORS).after(await place.read())) {
    if (left-- === 0) break;
    next = each.place;
    try {
      if (await careFor(each, env)) cared++;
    } catch (error) {
      warn("vector store not swept", error);
    }
  }
  await place.store(left < 0 ? next : undefined);
  return cared;
}

async function careFor({ account, id, markedAt }: MarkedStore, env: JobsBindings): Promise<boolean> {
  const store = vectorStore(env, account, id);
  const { state, garbage } = await store.care();
  if (state === "unknown") {
    if (Date.now() - markedAt.getTime() < MADE_AFTER_MS) return false;
    await clearStore(account, id, true, env);
    return true;
  }
  if (garbage.length > 0) {
    await new StoreMarks(env.VECTORS).removeSegments(garbage);
    await store.cleared(garbage);
  }
  if (state === "due") await sendStoreOn(env, account, id);
  return state === "due" || garbage.length > 0;
}
