/** `POST /v1/classify`. */
import * as z from "zod";
import { cleanText } from "../../runtime/tokenizer/clean-text.ts";
import { DEFAULT_TOP_K, MAX_PROMPTS_PER_LABEL, MAX_TEXTS } from "../limits.ts";
import { imagesSchema } from "./image.ts";
import { templatesSchema } from "./templates.ts";
import { textSchema } from "./text.ts";

const cosine = z.number().min(-1, "must be between -1 and 1").max(1, "must be between -1 and 1");

const labelSchema = z.union(
  [
    textSchema.transform((label) => ({ label, prompts: undefined, min_similarity: undefined })),
    z.object({
      label: textSchema,
      prompts: z
        .array(textSchema)
        .min(1, "at least one prompt is needed")
        .max(MAX_PROMPTS_PER_LABEL, `at most ${MAX_PROMPTS_PER_LABEL} prompts a label`)
        .optional(),
      min_similarity: cosine.optional(),
    }),
  ],
  { error: "must be a string or an object with a label" },
);

export const labelsSchema = z
  .array(labelSchema)
  .min(1, "at least one label is needed")
  .max(MAX_TEXTS, `at most ${MAX_TEXTS} labels`)
  .superRefine((labels, context) => {
    const seen = new Map<string, number>();
    for (const [index, { label }] of labels.entries()) {
      const cleaned = cleanText(label);
      const first = seen.get(cleaned);
      if (first !== undefined) {
        const message = `"${label}" is the same label as labels[${first}]`;
        context.addIssue({ code: "custom", path: [index], message, params: { code: "duplicate_label" } });
        return;
      }
      seen.set(cleaned, index);
    }
  });

export const classifyRequestSchema = z
  .object({
    model: z.string().optional(),
    images: imagesSchema,
    labels: labelsSchema.optional(),
    label_set: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
    templates: templatesSchema,
    negative: z.array(textSchema).min(1).max(MAX_TEXTS).optional(),
    top_k: z.number().int().min(1, "must be at least 1").default(DEFAULT_TOP_K),
    multi_label: z.boolean().default(false),
    min_similarity: cosine.nullish(),
  })
  .superRefine(({ labels, label_set }, context) => {
    if (labels !== undefined && label_set !== undefined) {
      const message = "labels and label_set exclude each other";
      context.addIssue({ code: "custom", path: ["label_set"], message, params: { code: "invalid_type" } });
    } else if (labels === undefined && label_set === undefined) {
      const message = "labels or label_set is needed";
      context.addIssue({ code: "custom", path: ["labels"], message, params: { code: "missing_field" } });
    }
  });

export type Label = z.output<typeof labelSchema>;
export type ClassifyRequest = z.output<typeof classifyRequestSchema>;
