/** The fields of the API's answers that the page reads; `/openapi.json` has all of them. */
import {
  either,
  list,
  nullable,
  number,
  object,
  type Of,
  optional,
  type Shape,
  text,
  truth,
} from "./shape.ts";

export const usage = object({
  prompt_tokens: number,
  prompt_tokens_details: object({ cached_tokens: number }),
  images: number,
  cached_images: number,
});
export type Usage = Of<typeof usage>;

/** `score` is a probability, 0 to 1; `similarity` is a cosine, -1 to 1. */
const prediction = object({ label: text, score: number, similarity: number });

function inference<Row>(row: Shape<Row>) {
  return object({ model: text, revision: text, data: list(row), usage });
}

const ranking = object({
  prediction: nullable(text),
  score: nullable(number),
  none_score: optional(number),
  predictions: list(prediction),
});
export type Ranking = Of<typeof ranking>;

export const classification = inference(ranking);
export type Classification = Of<typeof classification>;

/** OpenAI's shape. */
export const error = object({ message: text, code: nullable(text), param: nullable(text) });

/** With `on_error` "report". */
export const classificationWithErrors = inference(either(ranking, object({ error })));

export const similarity = inference(
  object({ scores: list(object({ text, similarity: number, probability: number, truncated: truth })) }),
);
export type Similarity = Of<typeof similarity>;

/** With `encoding_format` "base64". */
export const embedded = object({ revision: text, data: list(object({ embedding: text })) });

const model = object({
  id: text,
  image_size: number,
  parameters: nullable(number),
  imagenet_zero_shot: nullable(number),
  bytes: number,
});
export type Model = Of<typeof model>;

export const models = object({ data: list(model) });

/** `status` is `ready` or `building`. */
export const labelSet = object({
  id: text,
  name: nullable(text),
  title: nullable(text),
  status: text,
  labels: number,
  prompts: number,
  prompts_done: number,
});
export type LabelSet = Of<typeof labelSet>;

export const labelSetPage = object({ data: list(labelSet), has_more: truth, last_id: nullable(text) });

export const deleted = object({ deleted: truth });

export const refusal = object({ error });
