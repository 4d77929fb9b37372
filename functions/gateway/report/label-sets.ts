/**
 * The part of the operator's report on the label sets of all accounts. It counts; nothing of a set, not even its id or
 * its account, is in the answer. So a page begins after a number of sets, not after a key.
 */
import { parseModelReference } from "../../../model-shards/model-reference.ts";
import { isBeingBuilt } from "../../label-sets/builds/build-claim.ts";
import { isComplete, type LabelSetSummary, type ReadySet, SetStore } from "../../label-sets/set-store.ts";
import type { Bindings } from "../bindings.ts";
import { listedModels } from "../models/served-models.ts";

/** Sets of a page; each takes a read of R2, and up to three for each model, and a request may have 1,000. */
const PAGE = 50;
/** Keys that R2 lists at once. */
const MAX_KEYS = 1000;
/** Seconds within which the request that stores a small set has computed it. */
const AT_ONCE = 60;

type State = "ready" | "building" | "missing_examples" | "uncomputed";

/**
 * @param before number of sets on the pages before. Sets that come or go meanwhile may be counted twice or not at all
 * @param limit sets of the page
 */
export async function reportLabelSets(env: Bindings, before: number, limit = PAGE) {
  const store = new SetStore(env.SETS);
  const models = listedModels(env).map((model) => ({
    model,
    ready: 0,
    building: 0,
    missing_examples: 0,
    bytes: 0,
  }));
  let [sets, uncomputed] = [0, 0];
  const { ids, next } = await listAfter(store, before, limit);
  for (const { account, id } of ids) {
    const summary = await store.summary(account, id);
    if (summary === undefined) continue;
    sets++;
    const states = await Promise.all(
      models.map(async (counts) => {
        const revision = parseModelReference(counts.model)?.revision ?? "";
        const ready = await store.ready(id, revision);
        const state = await stateOf(summary, ready, store, revision);
        if (state !== "uncomputed") counts[state]++;
        if (state === "ready") counts.bytes += ready?.bytes ?? 0;
        return state;
      }),
    );
    const isNew = Date.now() / 1000 < summary.created_at + AT_ONCE;
    if (!isNew && states.every((state) => state === "uncomputed")) uncomputed++;
  }
  return { sets, uncomputed, models, after: next === null ? null : before + ids.length };
}

async function stateOf(
  { id, examples }: LabelSetSummary,
  ready: ReadySet | undefined,
  store: SetStore,
  revision: string,
): Promise<State> {
  const isTaught = examples !== undefined;
  if (isComplete(ready, isTaught)) return "ready";
  if (isTaught && !(await store.examples.has(id, revision))) return "missing_examples";
  return (await isBeingBuilt(store, id, revision)) ? "building" : "uncomputed";
}

async function listAfter(store: SetStore, before: number, limit: number): ReturnType<SetStore["listAll"]> {
  let after: string | null = "";
  for (let left = before; left > 0;) {
    const { ids, next } = await store.listAll(Math.min(left, MAX_KEYS), after);
    if (next === null) return { ids: [], next };
    left -= ids.length;
    after = next;
  }
  return await store.listAll(limit, after);
}
