/** Labels and negatives → their matrix. */
import type { EmbedContext } from "../embed/embed-context.ts";
import { embedPrompts, type EmbedOptions, type Prompts } from "../embed/embed-prompts.ts";
import type { CachedText } from "../embed/text-cache.ts";
import type { LabelSetDefinition } from "../../label-sets/definition.ts";
import { blankMatrix, type LabelMatrix } from "../../label-sets/label-matrix.ts";

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
  const { matrix, rows } = blankMatrix(definition, context.manifest.embedding_width, tokens);
  fillRows(rows, embeddings);
  return { matrix, cachedTokens };
}

/** @param rows float32, embeddings × width */
export function fillRows(rows: Float32Array, embeddings: readonly CachedText[]): void {
  for (const [index, { embedding }] of embeddings.entries()) rows.set(embedding, index * embedding.length);
}
