/** The shapes of label sets. */
import * as z from "zod";
import { cosine, ignoredLabels, model, pageOf, seconds } from "./responses.ts";

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
        ignored_labels: ignoredLabels.ignored_labels.optional(),
        ignored: ignoredLabels.ignored.optional(),
        examples: z.number().int(),
      })
      .nullable()
      .optional()
      .meta({
        description:
          "How much examples count, for a set that has some, once it is ready: chosen by classifying examples by the texts and by other examples. " +
          "Accuracies are shares of the examples",
      }),
    missing_examples: z
      .boolean()
      .optional()
      .meta({
        description:
          "True if the set has examples, but no vectors of them of this model's revision. It stays `building` until it is " +
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

export const labelSetListResponseSchema = pageOf(labelSetSchema).meta({ id: "LabelSetList" });

export const deletedSchema = z
  .object({ id: z.string(), object: z.literal("label_set"), deleted: z.literal(true) })
  .meta({ id: "DeletedLabelSet" });

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
