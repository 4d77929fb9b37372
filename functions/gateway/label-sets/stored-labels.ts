/**
 * The matrix of a stored label set: from the isolate's memory, else from KV, else from R2, else computed. That the set
 * still exists is asked of R2, which alone knows at once: in the background while the last answer is young, so that a
 * hot set costs no read, and before anything is served that is older than a deletion may take to be seen.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { KeyedLoads } from "../../runtime/keyed-loads.ts";
import type { Renew } from "../../runtime/lease.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { buildAtOnce, isSmall } from "./build-set.ts";
import { isLabelSetId } from "../../label-sets/definition.ts";
import { type LabelMatrix, unpackMatrix } from "../../label-sets/label-matrix.ts";
import { readMatrix, writeMatrix } from "./matrix-cache.ts";
import { matrixMemory } from "./matrix-memory.ts";
import { requestBuild } from "./request-build.ts";
import { SetStore } from "../../label-sets/set-store.ts";

/** Milliseconds since R2 was asked whether a set exists, after which it is asked again in the background. */
const ASK_AGAIN_AFTER = 20_000;
/** Milliseconds that a deleted set may still be served; the contract says 60 seconds. */
const USABLE_FOR = 50_000;
/** UTF-16 code units of an unknown id that its refusal repeats. */
const MAX_SHOWN = 64;

const loads = new KeyedLoads<LabelMatrix>();

/**
 * @throws ServiceError `label_set_not_found`; `model_unavailable` while a large set is being computed
 */
export async function storedLabels(account: string, id: string, context: EmbedContext): Promise<LabelMatrix> {
  // Another id, with a slash in it, could make a key that is another account's.
  if (!isLabelSetId(id)) throw labelSetNotFound(id);
  const key = memoryKey(account, id, context.manifest.revision);
  const entry = matrixMemory.get(key);
  if (entry === undefined) {
    return await loads.get(key, (renew) => load(account, id, context, renew), context.waitUntil);
  }
  const age = Date.now() - entry.checkedAt;
  if (age < ASK_AGAIN_AFTER) return entry.matrix;
  const check = askAgain(account, id, context);
  if (age < USABLE_FOR) context.waitUntil(check.catch(() => false));
  else if (!(await check)) throw labelSetNotFound(id);
  return entry.matrix;
}

/** Of one model, by its revision. */
export function forgetLabels(account: string, id: string, revision: string): void {
  matrixMemory.delete(memoryKey(account, id, revision));
}

export function labelSetNotFound(id: string): ServiceError {
  const shown = JSON.stringify(id.length > MAX_SHOWN ? `${id.slice(0, MAX_SHOWN)}…` : id);
  return new ServiceError("label_set_not_found", `there is no label set ${shown}`, { param: "label_set" });
}

async function askAgain(account: string, id: string, context: EmbedContext): Promise<boolean> {
  const { revision } = context.manifest;
  const exists = await new SetStore(context.env.SETS).exists(account, id);
  const entry = matrixMemory.get(memoryKey(account, id, revision));
  if (exists && entry !== undefined) entry.checkedAt = Date.now();
  if (!exists) forgetLabels(account, id, revision);
  return exists;
}

async function load(account: string, id: string, context: EmbedContext, renew: Renew): Promise<LabelMatrix> {
  const store = new SetStore(context.env.SETS);
  const [exists, cached] = await Promise.all([store.exists(account, id), readMatrix(id, context)]);
  renew();
  if (!exists) throw labelSetNotFound(id);
  const matrix =
    cached ?? (await loadFromR2(id, store, context)) ?? (await build(account, id, store, context, renew));
  renew();
  matrixMemory.set(memoryKey(account, id, context.manifest.revision), { matrix, checkedAt: Date.now() });
  return matrix;
}

async function loadFromR2(
  id: string,
  store: SetStore,
  context: EmbedContext,
): Promise<LabelMatrix | undefined> {
  const { revision, embedding_width: width } = context.manifest;
  const packed = await store.vectors(id, revision);
  if (packed === undefined) return undefined;
  const matrix = await unpackMatrix(packed, width, id);
  if (matrix !== undefined) writeMatrix(id, matrix, context);
  // As long as they are there, nobody computes them.
  else await store.removeVectors(id, revision);
  return matrix;
}

/** A set whose computation was given up, or that this revision of the model has not seen. */
async function build(
  account: string,
  id: string,
  store: SetStore,
  context: EmbedContext,
  renew: Renew,
): Promise<LabelMatrix> {
  renew();
  // Only a large set has a plan, and its definition may be as large as a request's body.
  if ((await store.plan(id)) === undefined) {
    const definition = await store.definition(id);
    renew();
    if (definition === undefined) throw labelSetNotFound(id);
    if (isSmall(definition)) return await buildAtOnce(id, definition, store, unhurried(context, renew));
    await store.putPlan(id, definition);
  }
  renew();
  await requestBuild(context, account, id);
  const path = `/v1/label_sets/${id}?model=${context.manifest.alias}`;
  const message = `the label set ${id} is still being computed for this model; GET ${path} shows how far it is`;
  throw new ServiceError("model_unavailable", message, { param: "label_set" });
}

/** Others may be waiting for what this request's client no longer wants; the tower's questions are signs of life. */
function unhurried(context: EmbedContext, renew: Renew): EmbedContext {
  const wanted = (): boolean => {
    renew();
    return true;
  };
  return { ...context, wanted };
}

function memoryKey(account: string, id: string, revision: string): string {
  return `${account}/${id}/${revision}`;
}
