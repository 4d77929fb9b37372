/**
 * The embeddings of a stored label set: at once if it is small, else part by part. A part depends on the set and the
 * model alone, so doing one twice changes nothing, and whoever comes next sees from R2 which are left.
 */
import type { EmbedContext } from "../embed/embed-context.ts";
import { embedPrompts, type EmbedOptions, type Prompts } from "../embed/embed-prompts.ts";
import { MAX_UNCACHED_PROMPTS } from "../limits.ts";
import { countPrompts, type LabelSetDefinition, promptsOfSet } from "../../label-sets/definition.ts";
import { embedMatrix, fillRows } from "./embed-matrix.ts";
import { blankMatrix, type LabelMatrix, sealMatrix } from "../../label-sets/label-matrix.ts";
import { writeMatrix } from "./matrix-cache.ts";
import type { PartCounts, SetStore } from "../../label-sets/set-store.ts";

/** Prompts of a part: some ten seconds of the text tower. A label's prompts are never divided. */
const PROMPTS_PER_PART = 512;

/** The vectors are not kept one by one as well: the set keeps them. */
const UNBOUNDED: EmbedOptions = { maxPrompts: Infinity, keep: false };

/** Whether a request may wait for it. */
export function isSmall(definition: LabelSetDefinition): boolean {
  return countPrompts(definition) + definition.negative.length <= MAX_UNCACHED_PROMPTS;
}

/** Computes and stores all of a small set. */
export async function buildAtOnce(
  id: string,
  definition: LabelSetDefinition,
  store: SetStore,
  context: EmbedContext,
): Promise<LabelMatrix> {
  const { matrix } = await embedMatrix(definition, promptsOfSet(definition), context, UNBOUNDED);
  await finish(id, matrix, store, context);
  return matrix;
}

/**
 * Computes the first part that is missing, or puts the parts together.
 * @returns whether something is left to do
 */
export async function buildNextPart(
  id: string,
  definition: LabelSetDefinition,
  store: SetStore,
  context: EmbedContext,
): Promise<boolean> {
  const { revision } = context.manifest;
  if ((await store.vectorsBytes(id, revision)) !== undefined) return false;
  const plan = planParts(promptsOfSet(definition));
  const done = await store.parts(id, revision);
  const next = plan.findIndex((_, number) => !done.has(number));
  const items = plan[next];
  if (items === undefined) return await putTogether(id, definition, done, store, context);
  const { embeddings, tokens } = await embedPrompts(items, context, UNBOUNDED);
  const values = new Float32Array(items.length * context.manifest.embedding_width);
  fillRows(values, embeddings);
  await store.putPart(id, revision, next, values, { tokens, prompts: items.flat().length });
  return true;
}

/** @returns true if somebody else is about to, or has */
async function putTogether(
  id: string,
  definition: LabelSetDefinition,
  parts: ReadonlyMap<number, PartCounts>,
  store: SetStore,
  context: EmbedContext,
): Promise<boolean> {
  const { revision, embedding_width: width } = context.manifest;
  const tokens = [...parts.values()].reduce((sum, part) => sum + part.tokens, 0);
  const { matrix, rows } = blankMatrix(definition, width, tokens);
  let at = 0;
  for (let number = 0; number < parts.size; number++) {
    const values = await store.part(id, revision, number);
    if (values === undefined) return true;
    rows.set(values, at);
    at += values.length;
  }
  if (at !== rows.length) throw new Error(`${at} values for a matrix of ${rows.length}`);
  await finish(id, matrix, store, context);
  return false;
}

async function finish(
  id: string,
  matrix: LabelMatrix,
  store: SetStore,
  context: EmbedContext,
): Promise<void> {
  await sealMatrix(matrix, id);
  await store.putVectors(id, context.manifest.revision, matrix.packed);
  writeMatrix(id, matrix, context);
}

/** Items in order, cut where a part has enough prompts. */
function planParts(items: readonly Prompts[]): Prompts[][] {
  const parts: Prompts[][] = [];
  let prompts = Infinity;
  for (const item of items) {
    if (prompts + item.length > PROMPTS_PER_PART) {
      parts.push([]);
      prompts = 0;
    }
    parts.at(-1)?.push(item);
    prompts += item.length;
  }
  return parts;
}
