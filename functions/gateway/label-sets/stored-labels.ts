/**
 * Finds the matrix of a stored label set: in the isolate's memory, in KV, in R2, or else by computing it. Only R2 knows
 * at once if the set was deleted. While the last check is recent, R2 is asked in the background, so that a busy set
 * costs no read. If the last check is older than a deletion may take to be effective, R2 is asked before the set is
 * used.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { KeyedLoads } from "./keyed-loads.ts";
import type { Renew } from "../../runtime/sharing/lease.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { shownId } from "../shown-values.ts";
import { buildAtOnce, isSmall } from "./build-set.ts";
import { isLabelSetId, type LabelSetDefinition } from "../../label-sets/definition.ts";
import { type LabelMatrix, matrixBytes, unpackMatrix } from "../../label-sets/label-matrix.ts";
import { MAX_UNCACHED_PROMPTS } from "../limits.ts";
import { noExamples } from "./embed-examples.ts";
import { MAKING, promptRoom, withPromptRoom } from "./embed-matrix.ts";
import { readMatrix, writeMatrix } from "./matrix-cache.ts";
import { matrixMemory, setsInUse, type UsedMatrix } from "./matrix-memory.ts";
import { requestBuild } from "./request-build.ts";
import { isComplete, type LabelSetSummary, SetStore } from "../../label-sets/set-store.ts";
import { withDefinition } from "./with-definition.ts";

/** Milliseconds after a check until R2 is asked again in the background. */
const ASK_AGAIN_AFTER = 20_000;
/** Milliseconds that a deleted set may still be used. The contract says 60 seconds. */
const USABLE_FOR = 50_000;

/** How often a matrix is loaded for one request, if each time it is dropped again before the request can use it. */
const MAX_LOADS = 8;

const loads = new KeyedLoads<true>();
/** Loads for lines of batches, which compute in the background. No request is to wait for that. */
const loadsOfLines = new KeyedLoads<true>();

/**
 * @param known the definition, if the request has it and the set is small; otherwise it is read if need be
 * @returns the set's matrix, which the caller must release after use
 * @throws ServiceError `label_set_not_found`; `model_unavailable` while a large set is being computed; `overloaded`
 */
export async function storedLabels(
  account: string,
  id: string,
  context: EmbedContext,
  known?: LabelSetDefinition,
): Promise<UsedMatrix> {
  // Refuse ids of another form: an id with a slash could form a key of another account.
  if (!isLabelSetId(id)) throw labelSetNotFound(id);
  const key = memoryKey(account, id, context.manifest.revision);
  for (let loaded = 0; loaded < MAX_LOADS; loaded++) {
    const checkedAt = matrixMemory.checkedAt(key);
    if (checkedAt !== undefined) await checkAgain(account, id, checkedAt, context);
    const used = matrixMemory.use(key);
    if (used !== undefined) return used;
    const led = context.pictureWatch === undefined ? loads : loadsOfLines;
    await led.get(key, (renew) => load(account, id, context, renew, known), context.waitUntil);
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

/** Drops the matrix of one model revision. */
export function forgetLabels(account: string, id: string, revision: string): void {
  matrixMemory.forget(memoryKey(account, id, revision));
}

export function labelSetNotFound(id: string): ServiceError {
  return new ServiceError("label_set_not_found", `there is no label set ${shownId(id)}`, {
    param: "label_set",
  });
}

async function exists(account: string, id: string, context: EmbedContext): Promise<boolean> {
  const { revision } = context.manifest;
  const isThere = await new SetStore(context.env.SETS).exists(account, id);
  if (isThere) matrixMemory.checked(memoryKey(account, id, revision));
  else forgetLabels(account, id, revision);
  return isThere;
}

/** Loads a set's matrix into memory. */
async function load(
  account: string,
  id: string,
  context: EmbedContext,
  renew: Renew,
  known: LabelSetDefinition | undefined,
): Promise<true> {
  const { revision, embedding_width: width } = context.manifest;
  const store = new SetStore(context.env.SETS);
  const [summary, stored] = await Promise.all([store.summary(account, id), store.ready(id, revision)]);
  renew();
  if (summary === undefined) throw labelSetNotFound(id);
  const isTaught = summary.examples !== undefined;
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
  // A release that knows no examples may have written a matrix of the texts alone.
  const whole = (matrix: LabelMatrix | undefined): LabelMatrix | undefined =>
    isTaught && matrix?.examples === undefined ? undefined : matrix;
  const read = async (): Promise<LabelMatrix | undefined> => {
    const cached = whole(await readMatrix(id, context));
    isNewToKv = cached === undefined;
    return cached ?? whole(await loadFromR2(id, store, context));
  };
  if (isComplete(stored, isTaught) && (await put(stored.bytes, read))) return true;
  const build = async (definition: LabelSetDefinition): Promise<void> => {
    isNewToKv = true;
    await put(MAKING * matrixBytes(definition, width), () =>
      buildAtOnce(id, definition, store, ignoringClient(context, renew)),
    );
  };
  if (known === undefined) await withSmall(summary, store, context, renew, build);
  else await withPromptRoom(known, context, () => build(known));
  if (!(await exists(account, id, context))) {
    // It was deleted meanwhile.
    await store.removeLeft(account, id);
    throw labelSetNotFound(id);
  }
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
  // Delete damaged embeddings, because they are not computed again while they exist.
  if (matrix === undefined) await store.removeVectors(id, revision);
  return matrix;
}

/**
 * Builds a set that this model revision has not computed, or not to the end.
 * @param build gets the definition of a small set
 * @throws ServiceError `model_unavailable` for a large set or one with examples, after asking the jobs Worker to
 * compute it; `label_set_model_mismatch`; `overloaded`
 */
async function withSmall(
  { account, id, examples, prompts }: LabelSetSummary,
  store: SetStore,
  context: EmbedContext,
  renew: Renew,
  build: (definition: LabelSetDefinition) => Promise<void>,
): Promise<void> {
  renew();
  // The plan of a large set, or one with examples, is checked first, because a definition may be as large as a request's
  // body. A small one has a plan if the jobs Worker was asked for it, and is computed at once all the same.
  const mayBeSmall = examples === undefined && prompts <= MAX_UNCACHED_PROMPTS;
  let plan = mayBeSmall ? undefined : await store.plans.get(id, examples !== undefined);
  if (plan === undefined) {
    const made = await withDefinition(
      store,
      id,
      async (definition, hold) => {
        renew();
        if (!isSmall(definition)) return await store.plans.ensure(id, definition);
        await hold(promptRoom(definition));
        await build(definition);
        return "built";
      },
      { client: context.client, isOfLine: context.pictureWatch !== undefined },
    );
    if (made === undefined) throw labelSetNotFound(id);
    if (made === "built") return;
    plan = made;
  }
  renew();
  const { revision, alias } = context.manifest;
  if (plan.examples !== undefined && !(await store.examples.has(id, revision))) throw noExamples(id, alias);
  await requestBuild(context, account, id);
  const path = `/v1/label_sets/${id}?model=${alias}`;
  const message = `the label set ${id} is still being computed for this model; GET ${path} shows how far it is`;
  throw new ServiceError("model_unavailable", message, { param: "label_set" });
}

/**
 * A context that goes on if this request's client disconnects, because other requests may wait for the same result. The
 * tower's checks count as signs of life.
 */
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
