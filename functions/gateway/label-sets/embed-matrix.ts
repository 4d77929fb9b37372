/** Embeds labels and negatives as a matrix. */
import type { EmbedContext } from "../embed/embed-context.ts";
import type { Prompts } from "../../embed/compute-prompts.ts";
import { embedPrompts, type EmbedOptions } from "../embed/embed-prompts.ts";
import { countCharacters, type LabelSetDefinition } from "../../label-sets/definition.ts";
import {
  blankMatrix,
  fillRows,
  type LabelMatrix,
  namesOf,
  truncatedOf,
} from "../../label-sets/label-matrix.ts";

export interface EmbeddedMatrix {
  matrix: LabelMatrix;
  /** Tokens of the matrix that came from a cache. */
  cachedTokens: number;
}

/**
 * Memory needed while a matrix is made, in multiples of its size: the matrix, and the vectors that it is copied from.
 */
export const MAKING = 2;

/**
 * Bytes of prompts that need no room: a hundred labels in eighty templates. With room they would wait for large bodies.
 */
const FEW_BYTES = 2_000_000;

/**
 * Room that the prompts of labels take beside bodies while they are embedded: of each the cleaned text, and its part of
 * the name of its label's vector, with two bytes a character. Templates make many long prompts of a short body.
 */
export function promptRoom(definition: LabelSetDefinition): number {
  const bytes = 4 * countCharacters(definition);
  return bytes > FEW_BYTES ? bytes : 0;
}

/**
 * Makes the labels' matrix while it holds room for their prompts. Take room for a matrix in `make` and not before: who
 * waits for room for prompts must not hold room for a matrix, because others hold theirs in the opposite order.
 * @throws ServiceError `overloaded`; whatever `make` throws
 */
export async function withPromptRoom<T>(
  definition: LabelSetDefinition,
  { hold }: Pick<EmbedContext, "hold">,
  make: () => Promise<T>,
): Promise<T> {
  const giveBack = await hold(promptRoom(definition));
  try {
    return await make();
  } finally {
    giveBack();
  }
}

/**
 * @param items the prompts of the definition; see `promptsOfSet`
 * @throws ServiceError as `embedPrompts`
 */
export async function embedMatrix(
  definition: LabelSetDefinition,
  items: Iterable<Prompts>,
  context: EmbedContext,
  options?: EmbedOptions,
): Promise<EmbeddedMatrix> {
  const { embeddings, tokens, cachedTokens } = await embedPrompts(items, context, options);
  const { matrix, rows } = blankMatrix(namesOf(definition), context.manifest.embedding_width, {
    tokens,
    truncated: truncatedOf(embeddings.slice(0, definition.labels.length)),
  });
  fillRows(rows, embeddings);
  return { matrix, cachedTokens };
}
