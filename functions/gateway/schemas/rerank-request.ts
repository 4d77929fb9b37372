/** `POST /v1/rerank`. */
import * as z from "zod";
import { MAX_TEXTS } from "../limits.ts";
import { anyItemSchema, limitImages } from "./fields/item.ts";
import { modelSchema } from "./fields/model-name.ts";
import { list } from "./fields/list.ts";

export const rerankRequestSchema = z
  .object({
    model: modelSchema,
    query: anyItemSchema,
    documents: list(anyItemSchema)
      .min(1, "at least one document is needed")
      .max(MAX_TEXTS, `at most ${MAX_TEXTS} documents`),
    top_n: z.number().int().min(1, "must be at least 1").optional(),
    return_documents: z.boolean().default(false),
    rank_fields: list(z.string())
      .optional()
      .refine((fields) => fields === undefined || (fields.length === 1 && fields[0] === "text"), {
        error: 'a document is ranked by its text alone: leave it out, or send ["text"]',
        params: { code: "invalid_value" },
      }),
  })
  .superRefine(({ query, documents }, context) => limitImages([query, ...documents], context))
  .meta({ id: "RerankRequest" });
