/** The shapes of the API's answers, for its reference. The tests check real answers against them. */
import * as z from "zod";
import { BATCH_ENDPOINTS } from "../../batches/batch-object.ts";
import { FILE_PURPOSES } from "../../files/account-files-rpc.ts";
import { ERROR_KINDS } from "../../runtime/errors.ts";

const seconds = z.number().int().meta({ description: "Seconds since 1970" });
const cosine = z.number().min(-1).max(1);
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

/** In the row of a picture that could not be read. */
const rowErrorSchema = errorDetailSchema.optional().meta({
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

/** @param row shape of one entry of `data` */
function listOf<S extends z.ZodType>(row: S) {
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
  score: probability.nullable().meta({ description: "Of the prediction" }),
  none_score: probability
    .optional()
    .meta({ description: "Probability that none of the labels fits, if the request has `none`" }),
  predictions: z.array(labelScoreSchema),
});

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
).meta({ id: "ClassifyResponse" });

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

export const fileSchema = z
  .object({
    id: z.string(),
    object: z.literal("file"),
    bytes: z.number().int(),
    created_at: seconds,
    expires_at: seconds.optional().meta({ description: "Absent for a file that stays until it is deleted" }),
    filename: z.string(),
    purpose: z.enum(FILE_PURPOSES),
    status: z.literal("processed"),
  })
  .meta({ id: "FileObject" });

export const fileListResponseSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(fileSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: "FileList" });

export const deletedFileSchema = z
  .object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) })
  .meta({ id: "DeletedFile" });

/** Of a file. */
export const contentSchema = z.unknown().meta({ override: { type: "string", format: "binary" } });

const stamp = seconds.nullable();

export const batchSchema = z
  .object({
    id: z.string(),
    object: z.literal("batch"),
    endpoint: z.enum(BATCH_ENDPOINTS),
    errors: z
      .object({
        object: z.literal("list"),
        data: z.array(
          z.object({
            code: z.string(),
            message: z.string(),
            param: z.string().nullable(),
            line: z.number().int().nullable().meta({ description: "Of the input file, from 1 on" }),
          }),
        ),
      })
      .nullable()
      .meta({ description: "Why the batch failed: at most 100 faults of the input, or one of the whole" }),
    input_file_id: z.string(),
    completion_window: z.literal("24h"),
    status: z.enum([
      "validating",
      "failed",
      "in_progress",
      "finalizing",
      "completed",
      "expired",
      "cancelling",
      "cancelled",
    ]),
    output_file_id: z.string().nullable().meta({ description: "Of the lines that were answered" }),
    error_file_id: z
      .string()
      .nullable()
      .meta({ description: "Of the lines that were refused, or not answered" }),
    created_at: seconds,
    in_progress_at: stamp,
    expires_at: seconds,
    finalizing_at: stamp,
    completed_at: stamp,
    failed_at: stamp,
    expired_at: stamp,
    cancelling_at: stamp,
    cancelled_at: stamp,
    request_counts: z.object({
      total: z.number().int(),
      completed: z.number().int(),
      failed: z.number().int(),
    }),
    metadata: z.record(z.string(), z.string()).nullable(),
  })
  .meta({ id: "Batch" });

export const batchListResponseSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(batchSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: "BatchList" });

export const labelSetSchema = z
  .object({
    id: z.string(),
    object: z.literal("label_set"),
    name: z.string().nullable().meta({
      description: "The name that leads to this set; if several do, the one that was given last",
    }),
    title: z.string().nullable(),
    model: z.string().meta({ description: "The model that `status`, `prompts_done` and `bytes` refer to" }),
    revision: z.string().meta({ description: "The model's current revision" }),
    status: z.enum(["ready", "building"]).meta({
      description:
        "`ready`: all embeddings for `model` at `revision` are stored, and a classification computes none. `building`: " +
        "some are missing; they are computed when the set is posted, or used in a classification, with this model",
    }),
    labels: z.number().int(),
    prompts: z.number().int(),
    prompts_done: z.number().int().meta({ description: "Prompts whose embeddings for `model` are stored" }),
    templates: z.array(z.string()),
    created_at: seconds,
    bytes: z
      .number()
      .int()
      .nullable()
      .meta({ description: "Size of the embeddings for `model`; null while some are missing" }),
    adapter: z
      .object({
        alpha: z
          .number()
          .meta({ description: "Weight of the examples; 0: they do not help, only texts count" }),
        beta: z.number().meta({ description: "How near a picture must be to an example" }),
        leave_one_out_accuracy: z.number(),
        text_only_accuracy: z.number(),
        ignored_labels: z.number().int().optional().meta({
          description:
            "Labels whose examples are ignored, because with them the texts find these examples to be something else",
        }),
        examples: z.number().int(),
      })
      .nullable()
      .optional()
      .meta({
        description:
          "Of a set with examples, once it is ready: chosen by classifying examples by the texts and by other examples. " +
          "Accuracies are shares of the examples",
      }),
    missing_examples: z
      .boolean()
      .optional()
      .meta({
        description:
          "Of a set with examples: true if they have no vectors of this model's revision. It stays `building` until it is " +
          "stored again with this model",
      }),
  })
  .meta({ id: "LabelSet" });

export const labelSetDetailSchema = z
  .object({
    ...labelSetSchema.shape,
    negative: z.array(z.string()),
    min_similarity: cosine.nullable(),
    data: z.array(
      z
        .object({
          label: z.string(),
          prompts: z.array(z.string()).optional(),
          min_similarity: cosine.optional(),
          examples: z
            .array(
              z.object({ sha256: z.string(), revision: z.string().optional() }).meta({ id: "StoredExample" }),
            )
            .optional()
            .meta({
              description: "Hashes of pictures' files, or of vectors and the revision that they are from",
            }),
        })
        .meta({ id: "StoredLabel" }),
    ),
  })
  .meta({ id: "LabelSetDetail" });

export const labelSetListResponseSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(labelSetSchema),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "LabelSetList" });

export const deletedSchema = z
  .object({ id: z.string(), object: z.literal("label_set"), deleted: z.literal(true) })
  .meta({ id: "DeletedLabelSet" });

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

export const computedLabelSetSchema = z
  .object({
    object: z.literal("computed_label_set"),
    ...model,
    computed: z.string().nullable().meta({ description: "The label set for which embeddings were computed" }),
    after: z
      .string()
      .nullable()
      .meta({ description: "Value of `after` for the next request; null if nothing is left to compute" }),
    skipped: z.array(z.string()).meta({
      description:
        "Label sets that this request looked at and whose examples have no vectors of the revision: their owners must " +
        "store them again",
    }),
  })
  .meta({ id: "ComputedLabelSet" });
