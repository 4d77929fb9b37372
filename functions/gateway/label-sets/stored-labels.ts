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
import { isLabelSetId, type LabelSetDefinition } from "../../label-sets/definition.ts";
import { type LabelMatrix, matrixBytes, unpackMatrix } from "../../label-sets/label-matrix.ts";
import { MAKING } from "./embed-matrix.ts";
import { readMatrix, writeMatrix } from "./matrix-cache.ts";
import { matrixMemory, setsInUse, type UsedMatrix } from "./matrix-memory.ts";
import { requestBuild } from "./request-build.ts";
import { SetStore } from "../../label-sets/set-store.ts";

/** Milliseconds since R2 was asked whether a set exists, after which it is asked again in the background. */
const ASK_AGAIN_AFTER = 20_000;
/** Milliseconds that a deleted set may still be served; the contract says 60 seconds. */
const USABLE_FOR = 50_000;
/** UTF-16 code units of an unknown id that its refusal repeats. */
const MAX_SHOWN = 64;

/** Times that a matrix is loaded for a request which finds each time that it had to go again. */
const MAX_LOADS = 8;

const loads = new KeyedLoads<true>();

/**
 * @returns the set's matrix, to be released when it has been used
 * @throws ServiceError `label_set_not_found`; `model_unavailable` while a large set is being computed; `overloaded`
 */
export async function storedLabels(account: string, id: string, context: EmbedContext): Promise<UsedMatrix> {
  // Another id, with a slash in it, could make a key that is another account's.
  if (!isLabelSetId(id)) throw labelSetNotFound(id);
  const key = memoryKey(account, id, context.manifest.revision);
  for (let loaded = 0; loaded < MAX_LOADS; loaded++) {
    const checkedAt = matrixMemory.checkedAt(key);
    if (checkedAt !== undefined) await checkAgain(account, id, checkedAt, context);
    const used = matrixMemory.use(key);
    if (used !== undefined) return used;
    await loads.get(key, (renew) => load(account, id, context, renew), context.waitUntil);
  }
  throw setsInUse();
}

/** @throws ServiceError `label_set_not_found` */
async function checkAgain(
  account: string,
  id: string,
  checkedAt: number,
  context: EmbedContext,
): Promise<void> {
  const age = Date.now() - checkedAt;
  if (age < ASK_AGAIN_AFTER) return;
  const check = exists(account, id, context);
  if (age < USABLE_FOR) context.waitUntil(check.catch(() => false));
  else if (!(await check)) throw labelSetNotFound(id);
}

/** Of one model, by its revision. */
export function forgetLabels(account: string, id: string, revision: string): void {
  matrixMemory.forget(memoryKey(account, id, revision));
}

export function labelSetNotFound(id: string): ServiceError {
  const shown = JSON.stringify(id.length > MAX_SHOWN ? `${id.slice(0, MAX_SHOWN)}…` : id);
  return new ServiceError("label_set_not_found", `there is no label set ${shown}`, { param: "label_set" });
}

async function exists(account: string, id: string, context: EmbedContext): Promise<boolean> {
  const { revision } = context.manifest;
  const isThere = await new SetStore(context.env.SETS).exists(account, id);
  if (isThere) matrixMemory.checked(memoryKey(account, id, revision));
  else forgetLabels(account, id, revision);
  return isThere;
}

/** Puts a set's matrix into memory. */
async function load(account: string, id: string, context: EmbedContext, renew: Renew): Promise<true> {
  const { revision, embedding_width: width } = context.manifest;
  const store = new SetStore(context.env.SETS);
  const [isThere, stored] = await Promise.all([store.exists(account, id), store.vectorsBytes(id, revision)]);
  renew();
  if (!isThere) throw labelSetNotFound(id);
  const key = memoryKey(account, id, revision);
  const put = async (bytes: number, make: () => Promise<LabelMatrix | undefined>): Promise<boolean> => {
    const loaded = await matrixMemory.load(key, bytes, make);
    if (loaded === undefined) return false;
    if (isNewToKv) writeMatrix(id, loaded, context);
    else loaded.release();
    renew();
    return true;
  };
  let isNewToKv = false;
  const read = async (): Promise<LabelMatrix | undefined> => {
    const cached = await readMatrix(id, context);
    isNewToKv = cached === undefined;
    return cached ?? (await loadFromR2(id, store, context));
  };
  if (stored !== undefined && (await put(stored, read))) return true;
  const definition = await smallDefinition(account, id, store, context, renew);
  isNewToKv = true;
  await put(MAKING * matrixBytes(definition, width), () =>
    buildAtOnce(id, definition, store, ignoringClient(context, renew)),
  );
  return true;
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
  // As long as they are there, nobody computes them.
  if (matrix === undefined) await store.removeVectors(id, revision);
  return matrix;
}

/**
 * What a set is made of whose computation was given up, or that this revision of the model has not seen.
 * @throws ServiceError `model_unavailable` for a large one, which the jobs Worker is asked to compute
 */
async function smallDefinition(
  account: string,
  id: string,
  store: SetStore,
  context: EmbedContext,
  renew: Renew,
): Promise<LabelSetDefinition> {
  renew();
  // Only a large set has a plan, and its definition may be as large as a request's body.
  if ((await store.plans.get(id)) === undefined) {
    const definition = await store.definition(id);
    renew();
    if (definition === undefined) throw labelSetNotFound(id);
    if (isSmall(definition)) return definition;
    await store.plans.make(id, definition);
  }
  renew();
  await requestBuild(context, account, id);
  const path = `/v1/label_sets/${id}?model=${context.manifest.alias}`;
  const message = `the label set ${id} is still being computed for this model; GET ${path} shows how far it is`;
  throw new ServiceError("model_unavailable", message, { param: "label_set" });
}

/** Others may be waiting for what this request's client no longer wants; the tower's questions are signs of life. */
function ignoringClient(context: EmbedContext, renew: Renew): EmbedContext {
  const wanted = (): boolean => {
    renew();
    return true;
  };
  return { ...context, wanted };
}

function memoryKey(account: string, id: string, revision: string): string {
  return `${account}/${id}/${revision}`;
}
