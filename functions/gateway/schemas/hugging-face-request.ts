/** `POST /hf/zero-shot-image-classification` and `POST /hf/feature-extraction`: Hugging Face's requests. */
import * as z from "zod";
import { MAX_TEXTS } from "../limits.ts";
import { inputSchema } from "./embeddings-request.ts";
import { imageObjectSchema, imageReferenceSchema } from "./fields/image.ts";
import { list } from "./fields/list.ts";
import { modelSchema } from "./fields/model-name.ts";
import { templateSchema } from "./fields/templates.ts";
import { textSchema } from "./fields/text.ts";

/** Hugging Face's own, which differs from this project's default. */
const HYPOTHESIS = "This is a photo of {}.";
const invalid = { params: { code: "invalid_value" } };

export const huggingFaceQuerySchema = z.object({ model: modelSchema });

export const zeroShotRequestSchema = z
  .object({
    model: modelSchema,
    inputs: z
      .union([imageReferenceSchema, imageObjectSchema])
      .meta({ description: "A picture: base64, a data URI or a URL, or an object with one" }),
    parameters: z
      .object({
        candidate_labels: list(textSchema)
          .min(1, "at least one label is needed")
          .max(MAX_TEXTS, `at most ${MAX_TEXTS} labels`),
        hypothesis_template: templateSchema.default(HYPOTHESIS),
      })
      .meta({ id: "ZeroShotParameters" }),
  })
  .meta({ id: "ZeroShotImageClassificationRequest" });

/** Options of Hugging Face that would change vectors are refused instead of ignored. */
export const featureExtractionRequestSchema = z
  .object({
    model: modelSchema,
    inputs: inputSchema,
    normalize: z
      .boolean()
      .default(true)
      .refine((normalize) => normalize, { error: "vectors always have unit length", ...invalid })
      .meta({ description: "Vectors always have unit length" }),
    prompt_name: z
      .string()
      .optional()
      .refine((name) => name === undefined, { error: "the models have no prompts by name", ...invalid }),
    truncate: z
      .boolean()
      .default(true)
      .meta({ description: "`false` refuses a text that is longer than the model's context" }),
    truncation_direction: z.enum(["left", "right", "Left", "Right"]).default("right").meta({
      description:
        "Only the end of a text can be cut: `left` refuses a text that is longer than the model's context",
    }),
    encoding_format: z
      .enum(["float", "base64"])
      .default("float")
      .refine((format) => format === "float", {
        error: "this endpoint answers lists of numbers; /v1/embeddings has base64",
        ...invalid,
      }),
    dimensions: z.number().int().optional().meta({ description: "Must be the model's width, if given" }),
  })
  .meta({ id: "FeatureExtractionRequest" });
