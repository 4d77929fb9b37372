/**
 * The prompts that stand for "none of these labels" beside stored label sets. Beside labels of the request they are
 * rows of the labels' own matrix, so that one call to the text tower computes both.
 */
import type { EmbedContext } from "../embed/embed-context.ts";
import { embedPrompts } from "../embed/embed-prompts.ts";
import { fillRows } from "../../label-sets/label-matrix.ts";

export interface NonePrompts {
  /** float32, prompts × width, rows of unit length. */
  vectors: Float32Array;
  tokens: number;
  cachedTokens: number;
}

/** @throws ServiceError `model_unavailable`, `overloaded` */
export async function nonePrompts(prompts: readonly string[], context: EmbedContext): Promise<NonePrompts> {
  const { embeddings, tokens, cachedTokens } = await embedPrompts(
    prompts.map((prompt) => [prompt]),
    context,
  );
  const vectors = new Float32Array(prompts.length * context.manifest.embedding_width);
  fillRows(vectors, embeddings);
  return { vectors, tokens, cachedTokens };
}
