/**
 * Labels that come with the request. A long list is cached as a matrix, by the hash of its content: one read instead of
 * one for each hundred labels. A short list is as fast from the cache of single texts.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { Pauses } from "../../runtime/sharing/pauses.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { KV_BULK_KEYS } from "../embed/text-cache.ts";
import { MAX_PROMPT_CHARACTERS } from "../limits.ts";
import {
  countCharacters,
  type LabelSetDefinition,
  promptsOfSet,
  vectorsKey,
} from "../../label-sets/definition.ts";
import { type EmbeddedMatrix, embedMatrix, MAKING, withPromptRoom } from "./embed-matrix.ts";
import { GivenNames } from "../../label-sets/label-names.ts";
import { type LabelMatrix, matrixBytes, thresholds } from "../../label-sets/label-matrix.ts";
import { readMatrix, writeMatrix } from "./matrix-cache.ts";
import { matrixMemory, type UsedMatrix } from "./matrix-memory.ts";

/** Labels that a request uses until it releases them. */
export type UsedLabels = EmbeddedMatrix & Partial<Pick<UsedMatrix, "release">>;

/**
 * @throws ServiceError `overloaded`; `too_many_items` if the labels need more new prompts than a request may compute;
 * `too_long` if the prompts are too long in total; `model_unavailable`
 */
export async function inlineLabels(
  definition: LabelSetDefinition,
  context: EmbedContext,
): Promise<UsedLabels> {
  if (countCharacters(definition) > MAX_PROMPT_CHARACTERS) {
    const message = `the labels' prompts have more than ${MAX_PROMPT_CHARACTERS} characters in total`;
    throw new ServiceError("too_long", message, { param: "labels" });
  }
  // Names come from the request's own strings (see `asRequested`), because a second copy of long names would be as
  // large as the body.
  const unnamed = { ...definition, labels: definition.labels.map((each) => ({ ...each, label: "" })) };
  const embed = (): Promise<EmbeddedMatrix> => embedMatrix(unnamed, promptsOfSet(definition), context);
  if (definition.labels.length + definition.negative.length <= KV_BULK_KEYS) {
    const { matrix, cachedTokens } = await withPromptRoom(definition, context, embed);
    return { ...asRequested({ matrix }, definition), cachedTokens };
  }
  const name = await vectorsKey(definition, new Pauses(context.wanted));
  const key = `${context.manifest.revision}/${name}`;
  const known = matrixMemory.use(key);
  if (known !== undefined) return asRequested(known, definition);
  const bytes = MAKING * matrixBytes(unnamed, context.manifest.embedding_width);
  const isLine = context.pictureWatch !== undefined;
  const cached = await matrixMemory.load(key, bytes, () => readMatrix(name, context), isLine);
  if (cached !== undefined) return asRequested(cached, definition);
  let cachedTokens = 0;
  const make = async (): Promise<LabelMatrix> => {
    const made = await embed();
    ({ cachedTokens } = made);
    return made.matrix;
  };
  const loaded = await withPromptRoom(definition, context, () => matrixMemory.load(key, bytes, make, isLine));
  const written = matrixMemory.use(key);
  if (written !== undefined) writeMatrix(name, written, context);
  return { ...asRequested(loaded, definition), cachedTokens };
}

/**
 * The matrix with the request's thresholds, which are not part of its key, and with the request's names, which are
 * already in memory.
 */
function asRequested(
  { matrix, release }: Pick<UsedMatrix, "matrix"> & Partial<UsedMatrix>,
  definition: LabelSetDefinition,
): UsedLabels {
  const labels = new GivenNames(definition.labels.map(({ label }) => label));
  return {
    matrix: { ...matrix, labels, minSimilarity: thresholds(definition) },
    cachedTokens: matrix.tokens,
    ...(release && { release }),
  };
}
