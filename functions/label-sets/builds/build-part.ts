/**
 * Computes the embeddings of a stored label set part by part. A part depends only on the set and the model, so
 * computing it twice changes nothing, and R2 shows which parts are left. Only the prompts of the current part are in
 * memory.
 */
import { cleanPrompts, computePrompts, type TextCall } from "../../embed/compute-prompts.ts";
import { Pauses } from "../../runtime/sharing/pauses.ts";
import type { CleanText } from "../../runtime/tokenizer/clean-text.ts";
import { unreachable } from "../answering-bucket.ts";
import { assemble } from "../assemble.ts";
import { fillRows, truncatedOf } from "../label-matrix.ts";
import { type Plan, promptsOfItem } from "./plan.ts";
import { isComplete, type SetStore } from "../set-store.ts";

export interface BuildOptions {
  /** Whether the set has examples. */
  isTaught: boolean;
  /** Number of the part that is probably the first missing one. If it is not given, R2 lists the existing parts. */
  probably?: number | undefined;
  /** Called at each sign of life while the parts are joined. */
  alive?: () => Promise<unknown>;
  /** Called once a part is stored, with the tokens of its texts. */
  onComputed?: (tokens: number) => void;
}

/**
 * Computes the first missing part, or joins the parts if none is missing.
 * @returns the part that is probably next; undefined if the set is ready or deleted
 * @throws ServiceError `model_unavailable`, `overloaded`
 */
export async function buildNextPart(
  id: string,
  store: SetStore,
  call: TextCall,
  { isTaught, probably, alive = async () => {}, onComputed }: BuildOptions,
): Promise<number | undefined> {
  const { manifest } = call;
  const { revision } = manifest;
  if (isComplete(await store.ready(id, revision), isTaught)) return undefined;
  const plan = await planOf(id, store, isTaught);
  if (plan === undefined) return undefined;
  let missing: number | undefined = probably;
  if (missing === undefined || missing >= plan.parts || (await store.parts.has(id, revision, missing))) {
    const done = await store.parts.list(id, revision);
    missing = firstMissing(plan, done);
    missing ??= await assemble(id, done, store, { manifest, examples: plan.examples, alive });
    if (missing === undefined) return undefined;
  }
  const tokens = await computePart(id, plan, missing, store, call);
  onComputed?.(tokens);
  return missing + 1;
}

/** @returns undefined if the set has been deleted */
async function planOf(id: string, store: SetStore, isTaught: boolean): Promise<Plan | undefined> {
  const plan = await store.plans.get(id, isTaught);
  if (plan !== undefined) return plan;
  const definition = await store.definition(id);
  return definition === undefined ? undefined : await store.plans.make(id, definition);
}

function firstMissing({ parts }: Plan, done: ReadonlyMap<number, unknown>): number | undefined {
  for (let number = 0; number < parts; number++) if (!done.has(number)) return number;
  return undefined;
}

/** @returns tokens of its texts */
async function computePart(
  id: string,
  plan: Plan,
  number: number,
  store: SetStore,
  call: TextCall,
): Promise<number> {
  const planned = await store.plans.part(id, plan, number);
  if (planned === undefined) {
    await store.plans.remove(id);
    throw unreachable(new Error("a plan is damaged"));
  }
  const pauses = new Pauses(call.wanted);
  const items: CleanText[][] = [];
  for (const item of planned) items.push(await cleanPrompts(promptsOfItem(item, plan), pauses));
  const computed = await computePrompts(new Map(items.entries()), call);
  const embeddings = [...computed.values()];
  const rows = new Float32Array(items.length * call.manifest.embedding_width);
  fillRows(rows, embeddings);
  const tokens = embeddings.reduce((sum, each) => sum + each.tokens, 0);
  const prompts = items.reduce((sum, each) => sum + each.length, 0);
  await store.parts.put(id, call.manifest.revision, number, rows, {
    tokens,
    prompts,
    vectors: items.length,
    truncated: truncatedOf(embeddings),
  });
  return tokens;
}
