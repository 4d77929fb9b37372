/** Labels and negatives → their matrix. */
import type { EmbedContext } from "../embed/embed-context.ts";
import type { Prompts } from "../../embed/compute-prompts.ts";
import { embedPrompts, type EmbedOptions } from "../embed/embed-prompts.ts";
import type { LabelSetDefinition } from "../../label-sets/definition.ts";
import { blankMatrix, fillRows, type LabelMatrix, namesOf } from "../../label-sets/label-matrix.ts";

export interface EmbeddedMatrix {
  matrix: LabelMatrix;
  /** Of the matrix's tokens, those that cost nothing. */
  cachedTokens: number;
}

/**
 * @param items the prompts of the definition, see `promptsOfSet`
 * @throws ServiceError as `embedPrompts`
 */
export async function embedMatrix(
  definition: LabelSetDefinition,
  items: readonly Prompts[],
  context: EmbedContext,
  options?: EmbedOptions,
): Promise<EmbeddedMatrix> {
  const { embeddings, tokens, cachedTokens } = await embedPrompts(items, context, options);
  const { matrix, rows } = blankMatrix(namesOf(definition), context.manifest.embedding_width, tokens);
  fillRows(rows, embeddings);
  return { matrix, cachedTokens };
}
