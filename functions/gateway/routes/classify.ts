/** `POST /v1/classify`: the best label for each picture. */
import { type Context, Hono } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { callerOf, hasAccount } from "../middleware/caller-of.ts";
import { type EmbeddedImages, embedImages } from "../embed/embed-images.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import type { PictureBatch } from "../embed/picture-batch.ts";
import { DEFAULT_ADAPTER, type Examples, listedLabels } from "../../adapter/adapter.ts";
import { backgroundOf } from "../../adapter/background.ts";
import { wantedBy } from "./request/embedding-context.ts";
import { readFieldsAndFiles, requestPictures } from "./request/fields-and-pictures.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { DEFAULT_NEGATIVE, isLabelSetId } from "../../label-sets/definition.ts";
import { embedWithExamples, isTaught, withoutExamples } from "../label-sets/embed-examples.ts";
import type { EmbeddedMatrix } from "../label-sets/embed-matrix.ts";
import { inlineLabels, type UsedLabels } from "../label-sets/inline-labels.ts";
import { freshSet, namedSet } from "../label-sets/named-set.ts";
import { underName } from "../label-sets/under-name.ts";
import { labelSetNotFound, storedLabels } from "../label-sets/stored-labels.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { type NonePrompts, nonePrompts } from "../label-sets/none-prompts.ts";
import { requestedModel } from "./request/requested-model.ts";
import { missing } from "../../runtime/missing.ts";
import { wakeImageTower } from "../models/image-tower-awake.ts";
import { foldAliases, IMAGE_ALIASES, LABEL_ALIASES } from "../body/fields.ts";
import { type ClassifyRequest, classifyRequestSchema } from "../schemas/classify-request.ts";
import { DEFAULT_TEMPLATES } from "../templates/named-templates.ts";
import { validate } from "../schemas/fields/validate.ts";
import { type Ranking, rankLabels } from "../score/rank-labels.ts";
import { errorRow } from "../middleware/error-response.ts";
import { inferenceResponse } from "./answer/inference-response.ts";
import { loadLabels, type Resolve, SetRanker } from "./answer/rank-sets.ts";
import { streamRows } from "./answer/stream-rows.ts";

export const classify = new Hono<GatewayEnv>().post("/v1/classify", async (c) => {
  wakeImageTower(c.env, c.get("requestId"), (work) => c.executionCtx.waitUntil(work));
  const fields = foldAliases(await readFieldsAndFiles(c), IMAGE_ALIASES);
  const request = await validate(classifyRequestSchema, foldAliases(fields, LABEL_ALIASES), wantedBy(c));
  const manifest = await requestedModel(c, request.model);
  const pictures = requestPictures(c, manifest);
  const setIds = setIdsOf(c, request);
  const [ahead, ...others] = labelsOf(c, request, setIds, pictures.context);
  const most = request.images.length * request.top_k;
  const [{ images, examples }, first, none] = await Promise.all([
    embedPictures(request, pictures),
    loadLabels(ahead, most),
    noneBesideSets(request, pictures.context),
  ]);
  const ids = await setIds;
  const rank = rankerOf(request, manifest, none);
  const ranked = { ...images, topK: request.top_k, sets: 1 + others.length, examples, rank };
  const ranker = new SetRanker(ranked, pictures.context);
  const sets = [await ranker.rank(first)];
  for (const next of others) {
    // The request may name a set several times.
    const same = sets[ids.indexOf(ids[sets.length] ?? "")];
    sets.push(same === undefined ? await ranker.rank(await loadLabels(next, most)) : ranker.repeat(same));
  }
  const costs = none === undefined ? sets : [none, ...sets];
  const usage = {
    images: images.hashes.length - images.errors.size,
    cachedImages: images.cached,
    tokens: costs.reduce((sum, { tokens }) => sum + tokens, 0),
    cachedTokens: costs.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0),
  };
  const rowOf = (index: number): object => {
    const error = images.errors.get(index);
    if (error !== undefined) return errorRow(index, error);
    const ofSets = sets.map(({ rankings }) => rankings[index] ?? missing("a picture was not ranked"));
    return { object: "classification", index, ...answer(request, ids, ofSets) };
  };
  const ofSets = ids.flatMap((label_set, index) => {
    const labels = sets[index]?.ignored ?? [];
    return labels.length === 0 ? [] : [{ label_set, ...listedLabels(labels) }];
  });
  const envelope = inferenceResponse(c, "cls", manifest, [], usage);
  const whole = ofSets.length === 0 ? envelope : { ...envelope, ignored_examples: ofSets };
  // Scores and names already have room.
  return await streamRows(c, whole, { count: images.embeddings.length, rowOf, bytes: 0 });
});

/** The pictures to classify, and the examples of the request's own labels. */
async function embedPictures(
  { images, labels = [], on_error: onError }: ClassifyRequest,
  pictures: PictureBatch,
): Promise<{ images: EmbeddedImages; examples?: Examples }> {
  if (!isTaught(labels)) return { images: await embedImages(images, pictures, { onError }) };
  const embedded = await embedWithExamples(images, labels, pictures, onError);
  const background = backgroundOf(pictures.context.manifest);
  return { ...embedded, examples: { ...embedded.examples, ...DEFAULT_ADAPTER, background } };
}

/**
 * Gives the labels of the request, or those of each stored set.
 * @param setIds changed where a name turns out to lead to another set
 */
function labelsOf(
  c: Context<GatewayEnv>,
  request: ClassifyRequest,
  setIds: Promise<string[]>,
  context: EmbedContext,
): [Resolve, ...Resolve[]] {
  const { labels, templates = DEFAULT_TEMPLATES, multi_label: multiLabel } = request;
  if (labels !== undefined) {
    const negative = multiLabel ? (request.negative ?? DEFAULT_NEGATIVE) : (request.none?.prompts ?? []);
    const untaught = labels.map(withoutExamples);
    return [() => inlineLabels({ labels: untaught, templates, negative, min_similarity: null }, context)];
  }
  const { account } = callerOf(c);
  const [first, ...others] = setsOf(request).map((given, index) => async (): Promise<UsedLabels> => {
    const ids = await setIds;
    const use = (id: string): ReturnType<typeof storedLabels> =>
      storedLabels(account, id, context).catch((error: unknown) => {
        throw underName(error, given, id);
      });
    const used = await use(ids[index] ?? given).catch(async (error: unknown) => {
      if (!(error instanceof ServiceError && error.code === "label_set_not_found")) throw error;
      // The name may have moved before its former set was deleted, which this isolate has not heard of.
      const moved = await freshSet(account, given, c.env);
      if (moved === ids[index]) throw error;
      ids[index] = moved;
      return await use(moved);
    });
    return { ...used, cachedTokens: used.matrix.tokens };
  });
  if (first === undefined) throw new Error("a classification without labels");
  return [first, ...others];
}

function setsOf({ label_set: sets = [] }: ClassifyRequest): string[] {
  return [sets].flat();
}

/**
 * The ids of the request's sets. Names are looked up once, so that all of an answer is from the same sets.
 * @throws ServiceError as `namedSet`
 */
async function setIdsOf(c: Context<GatewayEnv>, request: ClassifyRequest): Promise<string[]> {
  const { account } = callerOf(c);
  const context = { env: c.env, waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work) };
  const ids = setsOf(request).map(async (given) => {
    // Names belong to accounts.
    if (!hasAccount(c) && !isLabelSetId(given)) throw labelSetNotFound(given);
    return await namedSet(account, given, context);
  });
  return await Promise.all(ids);
}

async function noneBesideSets(
  { labels, none }: ClassifyRequest,
  context: EmbedContext,
): Promise<NonePrompts | undefined> {
  return none !== undefined && labels === undefined ? await nonePrompts(none.prompts, context) : undefined;
}

/** @param beside the prompts of `none`, if they are not in the labels' matrix */
function rankerOf(
  request: ClassifyRequest,
  manifest: Manifest,
  beside: NonePrompts | undefined,
): (image: Float32Array, labels: EmbeddedMatrix) => Ranking {
  const options = {
    scale: Math.exp(manifest.logit_scale),
    topK: request.top_k,
    multiLabel: request.multi_label,
    minSimilarity: request.min_similarity ?? null,
    minScore: request.min_score ?? 0,
  };
  const { none } = request;
  return (image, { matrix }) => {
    const rival = none && { vectors: beside?.vectors ?? matrix.negative, bias: none.bias };
    return rankLabels(image, matrix, { ...options, rival });
  };
}

/** A list of sets is answered in groups, even if it has only one. @param ids of the sets; none for labels */
function answer(
  { label_set: sets }: ClassifyRequest,
  ids: readonly string[],
  rankings: readonly Ranking[],
): object {
  const ofSets = ids.map((label_set, index) => ({
    label_set,
    ...(rankings[index] ?? missing("a picture was not ranked")),
  }));
  if (Array.isArray(sets)) return { groups: ofSets };
  return ofSets[0] ?? rankings[0] ?? missing("a picture was not ranked");
}
