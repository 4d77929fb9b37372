/** `POST /v1/classify`: the best label for each picture. */
import { type Context, Hono } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { callerOf } from "../access/caller.ts";
import { embedImages } from "../embed/embed-images.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { readFieldsAndFiles, requestPictures } from "../embed/request-pictures.ts";
import type { GatewayEnv } from "../env.ts";
import { DEFAULT_NEGATIVE } from "../../label-sets/definition.ts";
import type { EmbeddedMatrix } from "../label-sets/embed-matrix.ts";
import { inlineLabels } from "../label-sets/inline-labels.ts";
import { storedLabels } from "../label-sets/stored-labels.ts";
import { requestedModel } from "../model.ts";
import { foldAliases, IMAGE_ALIASES, LABEL_ALIASES } from "../schemas/aliases.ts";
import { type ClassifyRequest, classifyRequestSchema } from "../schemas/classify-request.ts";
import { DEFAULT_TEMPLATES } from "../schemas/templates.ts";
import { validate } from "../schemas/validate.ts";
import { type Ranking, rankLabels } from "../score/rank-labels.ts";
import { inferenceResponse } from "./inference-response.ts";

export const classify = new Hono<GatewayEnv>().post("/v1/classify", async (c) => {
  const fields = foldAliases(await readFieldsAndFiles(c), IMAGE_ALIASES);
  const request = validate(classifyRequestSchema, foldAliases(fields, LABEL_ALIASES));
  const manifest = await requestedModel(c, request.model);
  const pictures = requestPictures(c, manifest);
  const [images, labels] = await Promise.all([
    embedImages(request.images, pictures),
    resolveLabels(c, request, pictures.context),
  ]);
  const rank = rankerOf(request, manifest);
  const data = images.embeddings.map((image, index) => ({
    object: "classification",
    index,
    ...answer(request, labels, (resolved) => rank(image, resolved)),
  }));
  let [tokens, cachedTokens] = [0, 0];
  for (const resolved of labels) {
    tokens += resolved.matrix.tokens;
    cachedTokens += resolved.cachedTokens;
  }
  const usage = { images: images.embeddings.length, cachedImages: images.cached, tokens, cachedTokens };
  return c.json(inferenceResponse(c, "cls", manifest, data, usage));
});

/** One for the labels that came along, or one for each stored set. */
async function resolveLabels(
  c: Context<GatewayEnv>,
  request: ClassifyRequest,
  context: EmbedContext,
): Promise<EmbeddedMatrix[]> {
  const { labels, label_set: sets = [], templates = DEFAULT_TEMPLATES, multi_label: multiLabel } = request;
  if (labels !== undefined) {
    const negative = multiLabel ? (request.negative ?? DEFAULT_NEGATIVE) : [];
    return [await inlineLabels({ labels, templates, negative, min_similarity: null }, context)];
  }
  const { account } = callerOf(c);
  return await Promise.all(
    [sets].flat().map(async (id) => {
      const matrix = await storedLabels(account, id, context);
      return { matrix, cachedTokens: matrix.tokens };
    }),
  );
}

function rankerOf(
  request: ClassifyRequest,
  manifest: Manifest,
): (image: Float32Array, labels: EmbeddedMatrix) => Ranking {
  const options = {
    scale: Math.exp(manifest.logit_scale),
    topK: request.top_k,
    multiLabel: request.multi_label,
    minSimilarity: request.min_similarity ?? null,
  };
  return (image, { matrix }) => rankLabels(image, matrix, options);
}

/** A list of sets is answered in groups, even a list of one. */
function answer(
  { label_set: sets }: ClassifyRequest,
  labels: readonly EmbeddedMatrix[],
  rank: (labels: EmbeddedMatrix) => Ranking,
): object {
  if (Array.isArray(sets)) {
    return { groups: labels.map((resolved, index) => ({ label_set: sets[index], ...rank(resolved) })) };
  }
  const [only] = labels;
  if (only === undefined) throw new Error("a classification without labels");
  return rank(only);
}
