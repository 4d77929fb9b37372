/** `POST /v1/label_sets`, and the query of `GET /v1/label_sets`. */
import * as z from "zod";
import { MAX_NAME_LENGTH, MAX_SET_LABELS } from "../limits.ts";
import { LABEL_ALIASES } from "../body/fields.ts";
import { cosineSchema, labelsSchema, negativeSchema } from "./fields/labels.ts";
import { modelSchema } from "./fields/model-name.ts";
import { ownObject } from "./fields/own-object.ts";
import { pageLimitSchema } from "./fields/page-limit.ts";
import { setNameSchema } from "./fields/set-name.ts";
import { shortString } from "./fields/short-string.ts";
import { templatesSchema } from "./fields/templates.ts";

export const labelSetRequestSchema = ownObject(
  {
    model: modelSchema,
    name: setNameSchema.optional(),
    title: shortString(MAX_NAME_LENGTH)
      .optional()
      .meta({ description: "A description for people; it stays as the set was first given it" }),
    labels: labelsSchema(MAX_SET_LABELS),
    templates: templatesSchema.optional(),
    negative: negativeSchema.optional(),
    min_similarity: cosineSchema.optional(),
  },
  LABEL_ALIASES,
).meta({ id: "CreateLabelSetRequest" });

export const labelSetQuerySchema = z.object({ model: modelSchema });

export const labelSetListSchema = z.object({
  ...labelSetQuerySchema.shape,
  limit: pageLimitSchema,
  after: z.string().max(64).optional().meta({ description: "Id of the last set of the page before" }),
});
