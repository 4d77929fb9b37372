/** Labels, from a classification or a stored set. */
import * as z from "zod";
import { cleanText } from "../../../runtime/tokenizer/clean-text.ts";
import { MAX_PROMPTS_PER_LABEL, MAX_TEXTS } from "../../limits.ts";
import { examplesSchema, limitExamples } from "./example.ts";
import { ownObject } from "./own-object.ts";
import { textSchema } from "./text.ts";
import { list } from "./list.ts";

export const cosineSchema = z
  .number()
  .min(-1, "must be between -1 and 1")
  .max(1, "must be between -1 and 1")
  .meta({ description: "Predictions with a lower cosine are left out" });

const labelSchema = z
  .union(
    [
      textSchema.transform((label) => ({
        label,
        prompts: undefined,
        min_similarity: undefined,
        examples: undefined,
      })),
      ownObject({
        label: textSchema,
        prompts: list(textSchema)
          .min(1, "at least one prompt is needed")
          .max(MAX_PROMPTS_PER_LABEL, `at most ${MAX_PROMPTS_PER_LABEL} prompts a label`)
          .optional()
          .meta({ description: "Used unchanged, instead of the templates" }),
        min_similarity: cosineSchema.optional(),
        examples: examplesSchema.optional(),
      }),
    ],
    { error: "must be a string or an object with a label" },
  )
  .meta({ id: "Label" });

/** @param max largest number of labels */
export function labelsSchema(max: number) {
  return list(labelSchema, { distinct, refuse: limitExamples })
    .min(1, "at least one label is needed")
    .max(max, `at most ${max} labels`);
}

/** Labels that the model cannot distinguish are refused, because they would share one score. */
const distinct = {
  keyOf: ({ label }: { label: string }): string => cleanText(label),
  message: ({ label }: { label: string }, first: number): string =>
    `${shown(label)} is the same label as labels[${first}]`,
  code: "duplicate_label",
};

/** UTF-16 code units of a label that the error message repeats. */
const MAX_SHOWN = 64;

function shown(label: string): string {
  return `"${label.length > MAX_SHOWN ? `${label.slice(0, MAX_SHOWN)}…` : label}"`;
}

export const negativeSchema = list(textSchema)
  .min(1, "at least one negative prompt is needed")
  .max(MAX_TEXTS, `at most ${MAX_TEXTS} negative prompts`)
  .meta({ description: "Texts that describe pictures without any of the labels; for multi_label" });
