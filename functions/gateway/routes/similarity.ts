/** `POST /v1/similarity`: compares every picture with every text. */
import { Hono } from "hono";
import { holdVectors, wantedBy } from "./request/embedding-context.ts";
import { embedItems } from "../embed/embed-items.ts";
import { readFieldsAndFiles, requestPictures } from "./request/fields-and-pictures.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { requestedModel } from "./request/requested-model.ts";
import { foldAliases, IMAGE_ALIASES, TEXT_ALIASES } from "../body/fields.ts";
import { missing } from "../../runtime/missing.ts";
import { similarityRequestSchema } from "../schemas/similarity-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { scoreTexts } from "../score/score-texts.ts";
import { errorRow } from "../middleware/error-response.ts";
import { inferenceResponse } from "./answer/inference-response.ts";
import { SCORE_BYTES, streamRows } from "./answer/stream-rows.ts";

export const similarity = new Hono<GatewayEnv>().post("/v1/similarity", async (c) => {
  const fields = foldAliases(await readFieldsAndFiles(c), IMAGE_ALIASES);
  const { model, images, texts, on_error } = await validate(
    similarityRequestSchema,
    foldAliases(fields, TEXT_ALIASES),
    wantedBy(c),
  );
  const manifest = await requestedModel(c, model);
  const paramOf = (index: number): string =>
    index < images.length ? `images[${index}]` : `texts[${index - images.length}]`;
  await holdVectors(c, manifest, texts);
  const items = [...images, ...texts];
  const { vectors, usage } = await embedItems(items, requestPictures(c, manifest), paramOf, on_error);
  const columns = texts.map((item, index) => ({
    text: "text" in item ? item.text : null,
    vector: vectors[images.length + index],
  }));
  const scale = Math.exp(manifest.logit_scale);
  const data = vectors.slice(0, images.length).map(({ embedding, error }, index) => {
    if (error !== undefined) return errorRow(index, error);
    return { object: "similarity", index, scores: scoreTexts(embedding, columns, scale) };
  });
  const rows = {
    count: data.length,
    rowOf: (index: number): object => data[index] ?? missing("a picture was not compared"),
    bytes: data.length * columns.length * SCORE_BYTES,
  };
  return await streamRows(c, inferenceResponse(c, "sim", manifest, [], usage), rows);
});
