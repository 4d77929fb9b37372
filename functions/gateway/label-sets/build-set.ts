/**
 * Computes a label set that is small enough for a request: all embeddings at once. The jobs Worker computes larger
 * ones.
 */
import {
  countPrompts,
  labelsOfExamples,
  type LabelSetDefinition,
  promptsOfSet,
} from "../../label-sets/definition.ts";
import { type LabelMatrix, writeMatrixChecksum } from "../../label-sets/label-matrix.ts";
import type { SetStore } from "../../label-sets/set-store.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import type { EmbedOptions } from "../embed/embed-prompts.ts";
import { MAX_UNCACHED_PROMPTS } from "../limits.ts";
import { embedMatrix } from "./embed-matrix.ts";

/** The vectors are not cached one by one, because the set stores them. */
const UNBOUNDED: EmbedOptions = { maxPrompts: Infinity, keep: false };

/** True if a request may wait for the set. It never waits for the choice of α and β. */
export function isSmall(definition: LabelSetDefinition): boolean {
  if (labelsOfExamples(definition).length > 0) return false;
  return countPrompts(definition) + definition.negative.length <= MAX_UNCACHED_PROMPTS;
}

/** Computes and stores a small set. */
export async function buildAtOnce(
  id: string,
  definition: LabelSetDefinition,
  store: SetStore,
  context: EmbedContext,
): Promise<LabelMatrix> {
  const { matrix } = await embedMatrix(definition, promptsOfSet(definition), context, UNBOUNDED);
  await writeMatrixChecksum(matrix, id);
  await store.putVectors(id, context.manifest.revision, matrix.packed);
  return matrix;
}
