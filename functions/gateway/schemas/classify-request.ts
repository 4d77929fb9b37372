/** `POST /v1/classify`. */
import * as z from "zod";
import {
  DEFAULT_TOP_K,
  MAX_ANSWER_NAME_BYTES,
  MAX_LABEL_SETS,
  MAX_PREDICTIONS,
  MAX_TEXTS,
} from "../limits.ts";
import { IMAGE_ALIASES, LABEL_ALIASES } from "../body/fields.ts";
import { imagesSchema } from "./fields/image.ts";
import { cosineSchema, labelsSchema, negativeSchema } from "./fields/labels.ts";
import { modelSchema } from "./fields/model-name.ts";
import { noneSchema } from "./fields/none.ts";
import { onErrorSchema } from "./fields/on-error.ts";
import { ownObject } from "./fields/own-object.ts";
import { shortString } from "./fields/short-string.ts";
import { templatesSchema } from "./fields/templates.ts";
import { list } from "./fields/list.ts";

/** An id or a name. */
const labelSetIdSchema = shortString(64).min(1, "must not be empty");

/** A zod issue with one of the API's error codes, which zod itself does not know. */
const issue = (path: string, message: string, code: string) => ({
  code: "custom" as const,
  path: [path],
  message,
  params: { code },
});

const fields = ownObject(
  {
    model: modelSchema,
    images: imagesSchema,
    labels: labelsSchema(MAX_TEXTS).optional(),
    label_set: z
      .union(
        [
          labelSetIdSchema,
          list(labelSetIdSchema)
            .min(1, "at least one label set is needed")
            .max(MAX_LABEL_SETS, `at most ${MAX_LABEL_SETS} label sets`),
        ],
        { error: "must be a label set's id or name, or a list of them" },
      )
      .optional()
      .meta({
        description:
          "Id or name of stored labels, instead of `labels`; with a list, each row is answered in groups",
      }),
    templates: templatesSchema.optional(),
    negative: negativeSchema.optional(),
    top_k: z
      .number()
      .int()
      .min(1, "must be at least 1")
      .default(DEFAULT_TOP_K)
      .meta({
        description:
          `Labels for each picture and set; at most ${MAX_PREDICTIONS} in the answer, ` +
          `and ${MAX_ANSWER_NAME_BYTES / 1e6} MB of names of stored labels`,
      }),
    multi_label: z.boolean().default(false).meta({
      description: "Independent, uncalibrated scores: sigmoid(logit - logmeanexp(negatives))",
    }),
    min_similarity: cosineSchema.optional(),
    min_score: z
      .number()
      .min(0, "must be between 0 and 1")
      .max(1, "must be between 0 and 1")
      .optional()
      .meta({ description: "Predictions with a lower score are left out" }),
    none: noneSchema.optional(),
    on_error: onErrorSchema,
  },
  [...IMAGE_ALIASES, ...LABEL_ALIASES],
);

export const classifyRequestSchema = fields
  .superRefine(({ labels, label_set, templates, negative, multi_label, none }, context) => {
    if (labels !== undefined && label_set !== undefined) {
      context.addIssue(issue("label_set", "labels and label_set exclude each other", "invalid_type"));
    } else if (labels === undefined && label_set === undefined) {
      context.addIssue(issue("labels", "labels or label_set is needed", "missing_field"));
    } else if (label_set !== undefined && (templates ?? negative) !== undefined) {
      const param = templates === undefined ? "negative" : "templates";
      context.addIssue(
        issue(param, "cannot be given with label_set: the stored set has its own", "invalid_type"),
      );
    } else if (negative !== undefined && !multi_label) {
      const message = "applies only with multi_label: a softmax over the labels does not use it";
      context.addIssue(issue("negative", message, "invalid_value"));
    } else if (none !== undefined && multi_label) {
      const message = "cannot be given with multi_label, whose scores do not compete: use min_score";
      context.addIssue(issue("none", message, "invalid_value"));
    }
  })
  .meta({ id: "ClassifyRequest" });

export type ClassifyRequest = z.output<typeof classifyRequestSchema>;
