/** `POST /v2/embed`: Cohere's endpoint, for texts and pictures. `/v2/rerank` is in `rerank.ts`. */
import { Hono } from "hono";
import { embedMixes, vectorsOf } from "../embed/embed-mixes.ts";
import { int8Scale, toBytes } from "../vectors/output-type.ts";
import { bytesToBase64 } from "../base64.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { randomId } from "../random-id.ts";
import { cohereEmbedRequestSchema } from "../schemas/cohere-embed-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { cohereMeta } from "./answer/cohere-meta.ts";
import { answeredBy } from "./answer/inference-response.ts";
import { reportUsage } from "./answer/report-usage.ts";
import { answerTexts, streamTexts } from "./answer/stream-rows.ts";
import { holdVectors, keepVectors, wantedBy } from "./request/embedding-context.ts";
import { readFields, requestPictures } from "./request/fields-and-pictures.ts";
import { requestedModel } from "./request/requested-model.ts";
import { ONLY_END_IS_CUT, requireWholeTexts, requireWidth } from "./request/vector-options.ts";

export const cohereEmbed = new Hono<GatewayEnv>().post("/v2/embed", async (c) => {
  const request = await validate(cohereEmbedRequestSchema, await readFields(c), wantedBy(c));
  const { model, from, items, embedding_types: types, output_dimension: width, truncate } = request;
  const manifest = await requestedModel(c, model);
  requireWidth(manifest, width, "output_dimension");
  await holdVectors(c, manifest, vectorsOf(items));
  const paramOf = (index: number): string => `${from}[${index}]`;
  const { vectors, usage } = await embedMixes(items, requestPictures(c, manifest), paramOf, "fail");
  if (truncate === "NONE") requireWholeTexts(vectors, paramOf);
  if (truncate === "START") requireWholeTexts(vectors, paramOf, ONLY_END_IS_CUT);
  const vectorOf = (index: number): Float32Array => vectors[index]?.embedding ?? new Float32Array();
  const encoderOf = (type: (typeof types)[number]) => (index: number) => {
    const vector = vectorOf(index);
    if (type === "base64") return bytesToBase64(vector);
    return Array.from(type === "float" ? vector : toBytes(vector, type, int8Scale(manifest)));
  };
  const lists = Object.fromEntries([...new Set(types)].map((type) => [type, encoderOf(type)] as const));
  const answer = {
    id: randomId("emb"),
    response_type: "embeddings_by_type",
    embeddings: Object.fromEntries(Object.keys(lists).map((type) => [type, []])),
    ...answeredBy(c, manifest),
    meta: cohereMeta("2", usage),
    usage: reportUsage(c, usage),
  };
  // The vectors already have room. No function of the answer may refer to the inputs.
  keepVectors(c, vectors);
  return await streamTexts(c, answerTexts(JSON.stringify(answer), items.length, lists), 0);
});
