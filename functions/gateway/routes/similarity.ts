/** `POST /v1/similarity`: every picture against every text. */
import { Hono } from "hono";
import { embedBoth } from "../embed/embed-both.ts";
import { readFieldsAndFiles } from "../embed/request-pictures.ts";
import type { GatewayEnv } from "../env.ts";
import { requestedModel } from "../model.ts";
import { foldAliases, IMAGE_ALIASES, TEXT_ALIASES } from "../schemas/aliases.ts";
import { similarityRequestSchema } from "../schemas/similarity-request.ts";
import { validate } from "../schemas/validate.ts";
import { scoreTexts } from "../score/score-texts.ts";
import { inferenceResponse, usageOf } from "./inference-response.ts";

export const similarity = new Hono<GatewayEnv>().post("/v1/similarity", async (c) => {
  const fields = foldAliases(await readFieldsAndFiles(c), IMAGE_ALIASES);
  const request = validate(similarityRequestSchema, foldAliases(fields, TEXT_ALIASES));
  const manifest = await requestedModel(c, request.model);
  const { images, texts } = await embedBoth(c, manifest, request.images, request.texts);
  const scale = Math.exp(manifest.logit_scale);
  const data = images.embeddings.map((image, index) => ({
    object: "similarity",
    index,
    scores: scoreTexts(image, request.texts, texts.embeddings, scale),
  }));
  return c.json(inferenceResponse("sim", manifest, data, usageOf(images, texts)));
});
