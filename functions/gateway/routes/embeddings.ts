/** `POST /v1/embeddings`: OpenAI's endpoint, for texts and pictures. */
import { Hono } from "hono";
import { holdVectors, keepVectors, wantedBy } from "./request/embedding-context.ts";
import { embedMixes, vectorsOf } from "../embed/embed-mixes.ts";
import { missing } from "../../runtime/missing.ts";
import { int8Scale, toBytes } from "../vectors/output-type.ts";
import { readFields, requestPictures } from "./request/fields-and-pictures.ts";
import { errorFields } from "../middleware/error-response.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { bytesToBase64 } from "../base64.ts";
import { requestedModel } from "./request/requested-model.ts";
import { requireWidth } from "./request/vector-options.ts";
import { embeddingsRequestSchema, outputType, refuseTokenIds } from "../schemas/embeddings-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { inferenceResponse } from "./answer/inference-response.ts";
import { streamRows } from "./answer/stream-rows.ts";

export const embeddings = new Hono<GatewayEnv>().post("/v1/embeddings", async (c) => {
  const fields = await readFields(c);
  refuseTokenIds(fields["input"]);
  const request = await validate(embeddingsRequestSchema, fields, wantedBy(c));
  const { model, input, messages, encoding_format, dimensions, on_error } = request;
  const manifest = await requestedModel(c, model);
  requireWidth(manifest, dimensions, "dimensions");
  const list = Array.isArray(fields["input"]);
  const isOfMessages = input === undefined;
  const paramOf = (index: number, part?: number): string => {
    if (isOfMessages) return "messages";
    const item = list ? `input[${index}]` : "input";
    return part === undefined ? item : `${item}.content[${part}]`;
  };
  const items = input ?? messages ?? [];
  await holdVectors(c, manifest, vectorsOf(items));
  const { vectors, usage } = await embedMixes(items, requestPictures(c, manifest), paramOf, on_error);
  const type = outputType(request);
  const encode = (vector: Float32Array): string | number[] => {
    const values = type === "float" ? vector : toBytes(vector, type, int8Scale(manifest));
    return encoding_format === "float" ? Array.from(values) : bytesToBase64(values);
  };
  const rowOf = (index: number): object => {
    const { embedding, truncated, error } = vectors[index] ?? missing("an input was not embedded");
    // SDKs expect a vector in every row. They decode an empty list to an empty vector in either encoding.
    if (error !== undefined) {
      return { object: "embedding", index, embedding: [], truncated, error: errorFields(error) };
    }
    return { object: "embedding", index, embedding: encode(embedding), truncated };
  };
  // The vectors already have room. No function of the answer may refer to the inputs.
  keepVectors(c, vectors);
  const rows = { count: vectors.length, rowOf, bytes: 0 };
  return await streamRows(c, inferenceResponse(c, "emb", manifest, [], usage), rows);
});
