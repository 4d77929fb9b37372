/** `POST /v2/embed`: Cohere's request. Its other fields, such as `max_tokens` and `priority`, are ignored. */
import * as z from "zod";
import { MAX_IMAGES, MAX_INPUTS } from "../limits.ts";
import { itemOfParts, partsSchema } from "./embeddings-request.ts";
import { imageObjectSchema, imageReferenceSchema } from "./fields/image.ts";
import { type Item, limitImages } from "./fields/item.ts";
import { list } from "./fields/list.ts";
import { modelSchema } from "./fields/model-name.ts";
import { requireOne } from "./fields/one-of.ts";
import { textSchema } from "./fields/text.ts";
import { OUTPUT_TYPES } from "../vectors/output-type.ts";

const LISTS = ["texts", "images", "inputs"] as const;
const TYPES = ["base64", ...OUTPUT_TYPES] as const;
const invalid = { params: { code: "invalid_value" } };

const embeddingType = z
  .string()
  .refine((type): type is (typeof TYPES)[number] => TYPES.some((known) => known === type), {
    error: `must be ${TYPES.slice(0, -1).join(", ")} or ${TYPES.at(-1)}`,
    ...invalid,
  });

const inputSchema = z
  .object({
    content: partsSchema.min(1, "at least one part is needed").transform(itemOfParts),
  })
  .transform(({ content }) => content)
  .meta({ id: "CohereInput" });

export const cohereEmbedRequestSchema = z
  .object({
    model: modelSchema,
    texts: list(textSchema.transform((text): Item => ({ text })))
      .min(1, "at least one text is needed")
      .max(MAX_INPUTS, `at most ${MAX_INPUTS} texts`)
      .optional(),
    images: list(z.union([imageReferenceSchema, imageObjectSchema]).transform((image): Item => ({ image })))
      .min(1, "at least one image is needed")
      .max(MAX_IMAGES, `at most ${MAX_IMAGES} images a request`)
      .optional()
      .meta({ description: "Pictures as data URIs, URLs or base64: here a string is a picture" }),
    inputs: list(inputSchema)
      .min(1, "at least one input is needed")
      .max(MAX_INPUTS, `at most ${MAX_INPUTS} inputs`)
      .superRefine(limitImages)
      .optional()
      .meta({
        description: "A vector each: of texts, which are joined, of a picture, or of both with equal weights",
      }),
    input_type: z
      .enum(["search_document", "search_query", "classification", "clustering", "image"])
      .optional()
      .meta({ description: "Accepted and ignored: the models have one kind of vector" }),
    embedding_types: list(embeddingType)
      .min(1, "at least one type is needed")
      .max(TYPES.length, `at most ${TYPES.length} types`)
      .default(["float"])
      .meta({ description: "Types of the vectors, one or several; `base64` is of little-endian float32" }),
    output_dimension: z
      .number()
      .int()
      .optional()
      .meta({ description: "Must be the model's width, if given" }),
    truncate: z.enum(["NONE", "START", "END"]).default("END").meta({
      description:
        "`NONE` refuses a text that is longer than the model's context, and so does `START`, because only its end can be cut",
    }),
  })
  .superRefine(
    requireOne(LISTS, "texts, images or inputs is needed", "texts, images and inputs exclude each other"),
  )
  .transform(({ texts, images, inputs, ...rest }) => {
    const from = texts === undefined ? (images === undefined ? "inputs" : "images") : "texts";
    return { ...rest, from, items: texts ?? images ?? inputs ?? [] } as const;
  })
  .meta({ id: "CohereEmbedRequest" });
