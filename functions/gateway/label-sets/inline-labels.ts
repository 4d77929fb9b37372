/**
 * Labels that come with the request. A long list is cached like a set, by the hash of what is in it: one read instead of
 * one for each hundred labels. A short one is as fast from the cache of single texts.
 */
import { ServiceError } from "../../runtime/errors.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { KV_BULK_KEYS } from "../embed/text-cache.ts";
import { MAX_PROMPT_CHARACTERS } from "../limits.ts";
import {
  countCharacters,
  type LabelSetDefinition,
  promptsOfSet,
  vectorsKey,
} from "../../label-sets/definition.ts";
import { type EmbeddedMatrix, embedMatrix } from "./embed-matrix.ts";
import { thresholds } from "../../label-sets/label-matrix.ts";
import { readMatrix, writeMatrix } from "./matrix-cache.ts";
import { matrixMemory } from "./matrix-memory.ts";

/**
 * @throws ServiceError `too_many_items` if more prompts are new than a request may compute, `too_long` if all prompts
 * together are, `model_unavailable`
 */
export async function inlineLabels(
  definition: LabelSetDefinition,
  context: EmbedContext,
): Promise<EmbeddedMatrix> {
  if (countCharacters(definition) > MAX_PROMPT_CHARACTERS) {
    const message = `the labels' prompts have more than ${MAX_PROMPT_CHARACTERS} characters together`;
    throw new ServiceError("too_long", message, { param: "labels" });
  }
  const embed = (): Promise<EmbeddedMatrix> => embedMatrix(definition, promptsOfSet(definition), context);
  if (definition.labels.length + definition.negative.length <= KV_BULK_KEYS) return await embed();
  const name = await vectorsKey(definition);
  const key = `${context.manifest.revision}/${name}`;
  const known = matrixMemory.get(key)?.matrix ?? (await readMatrix(name, context));
  if (known !== undefined) {
    matrixMemory.set(key, { matrix: known, checkedAt: Date.now() });
    return { matrix: { ...known, minSimilarity: thresholds(definition) }, cachedTokens: known.tokens };
  }
  const resolved = await embed();
  matrixMemory.set(key, { matrix: resolved.matrix, checkedAt: Date.now() });
  writeMatrix(name, resolved.matrix, context);
  return resolved;
}
