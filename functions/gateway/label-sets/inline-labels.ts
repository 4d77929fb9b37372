/**
 * Labels that come with the request. A long list is cached like a set, by the hash of what is in it: one read instead of
 * one for each hundred labels. A short one is as fast from the cache of single texts.
 */
import type { EmbedContext } from "../embed/embed-context.ts";
import { embedPrompts } from "../embed/embed-prompts.ts";
import { KV_BULK_KEYS } from "../embed/text-cache.ts";
import { type LabelSetDefinition, promptsOfSet, vectorsKey } from "./definition.ts";
import { blankMatrix, type LabelMatrix, thresholds } from "./label-matrix.ts";
import { readMatrix, writeMatrix } from "./matrix-cache.ts";
import { matrixMemory } from "./matrix-memory.ts";

export interface ResolvedLabels {
  matrix: LabelMatrix;
  /** Of the matrix's tokens, those that cost nothing. */
  cachedTokens: number;
}

/** @throws ServiceError `too_many_items` if more prompts are new than a request may compute, `model_unavailable` */
export async function inlineLabels(
  definition: LabelSetDefinition,
  context: EmbedContext,
): Promise<ResolvedLabels> {
  const items = promptsOfSet(definition);
  if (items.length <= KV_BULK_KEYS) return await embed(definition, context);
  const name = await vectorsKey(definition);
  const key = `${context.manifest.revision}/${name}`;
  const known = matrixMemory.get(key)?.matrix ?? (await readMatrix(name, context));
  if (known !== undefined) {
    matrixMemory.set(key, { matrix: known, checkedAt: Date.now() });
    return { matrix: { ...known, minSimilarity: thresholds(definition) }, cachedTokens: known.tokens };
  }
  const resolved = await embed(definition, context);
  matrixMemory.set(key, { matrix: resolved.matrix, checkedAt: Date.now() });
  writeMatrix(name, resolved.matrix, context);
  return resolved;
}

async function embed(definition: LabelSetDefinition, context: EmbedContext): Promise<ResolvedLabels> {
  const { embeddings, tokens, cachedTokens } = await embedPrompts(promptsOfSet(definition), context);
  const { embedding_width: width } = context.manifest;
  const { matrix, rows } = blankMatrix(definition, width, tokens);
  for (const [index, { embedding }] of embeddings.entries()) rows.set(embedding, index * width);
  return { matrix, cachedTokens };
}
