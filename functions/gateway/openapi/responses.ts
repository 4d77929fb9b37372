/**
 * The shapes of answers, for the reference, and what other answers' shapes are made of. The tests check real answers
 * against them.
 */
import * as z from "zod";
import { MAX_LISTED_LABELS } from "../../adapter/adapter.ts";
import { ERROR_KINDS } from "../../runtime/errors.ts";

export const seconds = z.number().int().meta({ description: "Seconds since 1970" });
export const cosine = z.number().min(-1).max(1);
const truncated = z
  .boolean()
  .meta({ description: "The text was longer than the model's context; the model did not read its end" });
const probability = z.number().min(0).max(1);

const errorDetailSchema = z
  .object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable().meta({ description: "Path of the field, such as `images[2]`" }),
    code: z.enum([...(Object.keys(ERROR_KINDS) as [string, ...string[]]), "internal_error"]),
  })
  .meta({ id: "ErrorDetail" });

export const errorSchema = z
  .object({
    error: errorDetailSchema,
    message: z
      .string()
      .optional()
      .meta({ description: "The message again, on Cohere's endpoints of version 2" }),
  })
  .meta({ id: "ErrorResponse" });

export const huggingFaceErrorSchema = errorDetailSchema
  .omit({ message: true })
  .extend({ error: z.string().meta({ description: "The message: Hugging Face's clients show it" }) })
  .meta({ id: "HuggingFaceErrorResponse" });

/** In the row of a picture that could not be read. */
export const rowErrorSchema = errorDetailSchema.optional().meta({
  description: 'Why the picture could not be read, with `on_error: "report"`; the row has no result',
});

export const usageSchema = z
  .object({
    prompt_tokens: z.number().int(),
    total_tokens: z.number().int(),
    prompt_tokens_details: z.object({ cached_tokens: z.number().int() }),
    images: z.number().int(),
    cached_images: z.number().int(),
  })
  .meta({ id: "Usage" });

export const model = { model: z.string(), revision: z.string() };

/** A page of a list that is no model's answer. @param entry shape of one entry of `data` */
export function pageOf<S extends z.ZodType>(entry: S) {
  return z.object({
    object: z.literal("list"),
    data: z.array(entry),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

/** @param row shape of one entry of `data` */
export function listOf<S extends z.ZodType>(row: S) {
  return z.object({
    id: z.string(),
    object: z.literal("list"),
    created: seconds,
    ...model,
    data: z.array(row),
    usage: usageSchema,
  });
}

const textScoreSchema = z
  .object({
    index: z.number().int(),
    text: z.string().nullable().meta({ description: "null for a vector that came with the request" }),
    similarity: cosine,
    logit: z.number(),
    probability: probability.meta({ description: "Softmax of the logits over the texts" }),
    truncated,
  })
  .meta({ id: "TextScore" });

export const similarityResponseSchema = listOf(
  z
    .object({
      object: z.enum(["similarity", "error"]),
      index: z.number().int(),
      scores: z.array(textScoreSchema).optional().meta({ description: "Absent if the row has an error" }),
      error: rowErrorSchema,
    })
    .meta({ id: "Similarity" }),
).meta({ id: "SimilarityResponse" });

const labelScoreSchema = z
  .object({
    label: z.string(),
    score: probability,
    similarity: cosine,
    logit: z.number(),
    truncated: z.boolean().meta({ description: "A prompt of the label is longer than the model's context" }),
  })
  .meta({ id: "LabelScore" });

const rankingSchema = z.object({
  prediction: z
    .string()
    .nullable()
    .meta({ description: "null if no label passed the thresholds, or if `none` won" }),
  score: probability.nullable().meta({ description: "The probability of `prediction`" }),
  none_score: probability
    .optional()
    .meta({ description: "Probability that none of the labels fits, if the request has `none`" }),
  predictions: z.array(labelScoreSchema),
});

/** Labels whose examples do not count. */
export const ignoredLabels = {
  ignored_labels: z.number().int().meta({
    description:
      "Number of labels whose examples are ignored, because the texts find these examples to be something else",
  }),
  ignored: z
    .array(z.number().int())
    .max(MAX_LISTED_LABELS)
    .meta({
      description: `Indices of these labels in the set, ascending; of more than ${MAX_LISTED_LABELS} the first ${MAX_LISTED_LABELS}`,
    }),
};

export const classifyResponseSchema = listOf(
  z
    .object({
      object: z.enum(["classification", "error"]),
      index: z.number().int(),
      label_set: z.string().optional().meta({ description: "Id of the set that the whole row is from" }),
      ...rankingSchema.partial().shape,
      error: rowErrorSchema,
      groups: z
        .array(
          z.object({ label_set: z.string(), ...rankingSchema.shape }).meta({ id: "ClassificationGroup" }),
        )
        .optional()
        .meta({ description: "Instead of `prediction`, if `label_set` was a list" }),
    })
    .meta({ id: "Classification" }),
)
  .extend({
    ignored_examples: z
      .array(z.object({ label_set: z.string(), ...ignoredLabels }).meta({ id: "IgnoredExamples" }))
      .optional()
      .meta({
        description: "The label sets of the request with labels whose examples are ignored, if there are any",
      }),
  })
  .meta({ id: "ClassifyResponse" });

export const embeddingsResponseSchema = listOf(
  z
    .object({
      object: z.literal("embedding"),
      index: z.number().int(),
      embedding: z.union([z.array(z.number()), z.string()]).meta({
        description:
          "Unit length, if `output_dtype` is `float`; as base64, little-endian; `[]` in a row with an error",
      }),
      truncated,
      error: rowErrorSchema,
    })
    .meta({ id: "Embedding" }),
).meta({ id: "EmbeddingsResponse" });

export const cohereMetaSchema = z
  .object({
    api_version: z.object({ version: z.enum(["1", "2"]) }),
    billed_units: z.object({ input_tokens: z.number().int(), images: z.number().int() }),
    tokens: z.object({ input_tokens: z.number().int(), output_tokens: z.literal(0) }),
    cached_tokens: z.number().int(),
  })
  .meta({ id: "CohereMeta", description: "What Cohere's clients read beside the answer" });

export const rerankResponseSchema = z
  .object({
    id: z.string(),
    ...model,
    results: z.array(
      z
        .object({
          index: z.number().int(),
          relevance_score: cosine,
          truncated,
          document: z.unknown().optional().meta({
            description:
              "The document as it was sent, if requested; null stands for long strings, such as a picture",
          }),
        })
        .meta({ id: "RankedDocument" }),
    ),
    usage: usageSchema,
    meta: cohereMetaSchema,
  })
  .meta({ id: "RerankResponse" });

export const modelObjectSchema = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    created: seconds.meta({
      description: "When the model was added to the deployment's storage, seconds since 1970",
    }),
    owned_by: z.string(),
    alias: z.string(),
    revision: z.string(),
    embedding_width: z.number().int(),
    int8_scale: z.number().meta({
      description:
        "The value of a unit vector that becomes 127 with `output_dtype` `int8`, and 255 with `uint8`",
    }),
    image_size: z.number().int(),
    context_length: z.number().int(),
    license: z.string(),
    parameters: z.number().int().nullable().meta({
      description: "Weights and biases of both towers; null for a model built before it was recorded",
    }),
    imagenet_zero_shot: z.number().nullable().meta({
      description:
        "Top-1 accuracy on ImageNet, zero-shot, in percent, as published by the authors of the weights; null if unknown",
    }),
    bytes: z
      .number()
      .int()
      .meta({ description: "Size of the model's files, which is the most that a cold deployment reads" }),
    dot: z.enum(["bytes", "7-bit", "none"]).meta({
      description:
        "Which relaxed dot product the processor of the answering host supports: kernels are fastest with `bytes`. Vectors are the same on all hosts",
    }),
  })
  .meta({ id: "Model" });

export const modelListSchema = z
  .object({ object: z.literal("list"), data: z.array(modelObjectSchema) })
  .meta({ id: "ModelList" });

export const healthSchema = z
  .object({
    status: z.enum(["ok", "unavailable"]),
    checks: z.record(z.string(), z.boolean()).optional(),
  })
  .meta({ id: "Health" });
