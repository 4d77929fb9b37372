/** `POST /v1/embeddings`: OpenAI's embeddings, of texts and pictures. */
import { Hono } from "hono";
import { embedItems } from "../embed/embed-items.ts";
import { readFields } from "../embed/request-pictures.ts";
import type { GatewayEnv } from "../env.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { encodeBase64 } from "../images/base64.ts";
import { requestedModel } from "../model.ts";
import { embeddingsRequestSchema, refuseTokenIds } from "../schemas/embeddings-request.ts";
import { validate } from "../schemas/validate.ts";
import { inferenceResponse } from "./inference-response.ts";

export const embeddings = new Hono<GatewayEnv>().post("/v1/embeddings", async (c) => {
  const fields = await readFields(c);
  refuseTokenIds(fields["input"]);
  const { model, input, messages, encoding_format, dimensions } = validate(embeddingsRequestSchema, fields);
  const manifest = await requestedModel(c, model);
  if (dimensions != null && dimensions !== manifest.embedding_width) {
    const message = `dimensions must be ${manifest.embedding_width}, which the model's embeddings have`;
    throw new ServiceError("unsupported_dimensions", message, { param: "dimensions" });
  }
  const list = Array.isArray(fields["input"]);
  const paramOf = (index: number): string =>
    input === undefined ? "messages" : list ? `input[${index}]` : "input";
  const { vectors, usage } = await embedItems(c, manifest, input ?? messages ?? [], paramOf);
  const data = vectors.map(({ embedding }, index) => ({
    object: "embedding",
    index,
    embedding: encoding_format === "base64" ? encodeBase64(bytesOf(embedding)) : Array.from(embedding),
  }));
  return c.json(inferenceResponse(c, "emb", manifest, data, usage));
});

/** Little-endian float32. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
