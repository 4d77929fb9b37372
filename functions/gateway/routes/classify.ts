/** `POST /v1/classify`: the best label for each picture. */
import { Hono } from "hono";
import { ServiceError } from "../../runtime/errors.ts";
import { embedBoth } from "../embed/embed-both.ts";
import type { EmbeddedTexts } from "../embed/embed-texts.ts";
import { readFieldsAndFiles } from "../embed/request-pictures.ts";
import type { GatewayEnv } from "../env.ts";
import { requestedModel } from "../model.ts";
import { foldAliases, IMAGE_ALIASES, LABEL_ALIASES } from "../schemas/aliases.ts";
import { type ClassifyRequest, classifyRequestSchema, type Label } from "../schemas/classify-request.ts";
import { fillTemplate } from "../schemas/templates.ts";
import { validate } from "../schemas/validate.ts";
import { labelEmbedding } from "../score/label-embedding.ts";
import { rankLabels } from "../score/rank-labels.ts";
import { inferenceResponse, usageOf } from "./inference-response.ts";

/** What a picture is compared with under `multi_label`, unless the request says. */
const DEFAULT_NEGATIVE = ["a photo."];

export const classify = new Hono<GatewayEnv>().post("/v1/classify", async (c) => {
  const fields = foldAliases(await readFieldsAndFiles(c), IMAGE_ALIASES);
  const request = validate(classifyRequestSchema, foldAliases(fields, LABEL_ALIASES));
  const manifest = await requestedModel(c, request.model);
  const labels = inlineLabels(request).map((label) => ({
    ...label,
    prompts: promptsOf(label, request.templates),
  }));
  const negative = request.multi_label ? (request.negative ?? DEFAULT_NEGATIVE) : [];

  const prompts = [...labels.flatMap((label) => label.prompts), ...negative];
  const { images, texts } = await embedBoth(c, manifest, request.images, prompts);
  const vectors = labels.map((label) => ({
    label: label.label,
    embedding: labelEmbedding(label.prompts.map((prompt) => vectorOf(prompt, texts))),
    minSimilarity: label.min_similarity ?? request.min_similarity ?? null,
  }));
  const options = {
    scale: Math.exp(manifest.logit_scale),
    topK: request.top_k,
    multiLabel: request.multi_label,
    negative: negative.map((text) => vectorOf(text, texts)),
  };
  const data = images.embeddings.map((image, index) => ({
    object: "classification",
    index,
    ...rankLabels(image, vectors, options),
  }));
  return c.json(inferenceResponse("cls", manifest, data, usageOf(images, texts)));
});

/** @throws ServiceError `label_set_not_found`: this deployment keeps no label sets yet */
function inlineLabels({ labels, label_set }: ClassifyRequest): Label[] {
  if (labels !== undefined) return labels;
  const message = `there is no label set ${JSON.stringify(label_set)}`;
  throw new ServiceError("label_set_not_found", message, { param: "label_set" });
}

function promptsOf({ label, prompts }: Label, templates: readonly string[]): string[] {
  return prompts ?? templates.map((template) => fillTemplate(template, label));
}

function vectorOf(text: string, { embeddings }: EmbeddedTexts): Float32Array {
  const found = embeddings.get(text);
  if (found === undefined) throw new Error("a prompt was not embedded");
  return found.embedding;
}
