/**
 * Looks after vector stores: sends on their way those whose messages may have been lost, and clears what no search
 * needs any more, and what is left of stores that were begun and not made.
 */
import { SweepPlace } from "../../runtime/sweep-place.ts";
import type { Marked } from "../../runtime/account-marks.ts";
import { StoreMarks } from "../../vector-stores/store-marks.ts";
import { sendStoreOn, vectorStore } from "../../vector-stores/vector-stores.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { MADE_AFTER_MS, sweepMarks } from "./sweep-marks.ts";
import { clearStore } from "../vector-stores/work-on-store.ts";

/** @returns how many were sent on, or had something to clear */
export async function sweepStores(env: JobsBindings): Promise<number> {
  const place = new SweepPlace(env.VECTORS, "sweep-stores");
  return await sweepMarks(
    new StoreMarks(env.VECTORS),
    place,
    (marked) => careFor(marked, env),
    "vector store not swept",
  );
}

async function careFor({ account, id, markedAt }: Marked, env: JobsBindings): Promise<boolean> {
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
