/** The operations of label sets. */
import * as z from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import {
  labelSetListSchema,
  labelSetQuerySchema,
  labelSetRequestSchema,
} from "../schemas/label-set-request.ts";
import { EXAMPLE_SET } from "./examples.ts";
import * as responses from "./label-set-responses.ts";
import { operation } from "./operation.ts";
import { errorSchema } from "./responses.ts";

const setPath = z.object({
  id: z.string().meta({ description: "Id or name of a label set", example: EXAMPLE_SET }),
});

export const labelSetPaths: ZodOpenApiPathsObject = {
  "/v1/label_sets": {
    post: operation({
      id: "createLabelSet",
      tag: "Label sets",
      summary: "Store a set of labels",
      description:
        "Storing the same set again gives the same id and costs nothing. A set works with all models of the deployment: " +
        "its id names no model, and each model has its own embeddings. They are computed now for `model`; for another " +
        "model they are computed when the set is posted, or used in a classification, with that model. With `name`, the " +
        "name leads to this set as soon as it is computed for `model`, and until then to the set that it led to before; a set that " +
        "exists is named by storing it again. An isolate may know a name's former set for 5 seconds; each answer is from " +
        "one set and says its id. Of an account, 100 sets may wait for their computation in the background, two of which " +
        "are computed at once; one more is refused with 429 and not stored. An account may have 1,000 sets; one more is " +
        "refused with 403 `storage_limit_exceeded`.",
      request: labelSetRequestSchema,
      answers: {
        "200": ["The set already existed", responses.labelSetSchema],
        "201": ["The set is new and ready", responses.labelSetSchema],
        "202": ["The set is being computed in the background", responses.labelSetSchema],
        "409": ["A vector among the examples is of another model", errorSchema],
      },
      idFor: ["getLabelSet", "deleteLabelSet"],
    }),
    get: operation({
      id: "listLabelSets",
      tag: "Label sets",
      summary: "The caller's label sets",
      description: "`status` is given for `model`.",
      query: labelSetListSchema,
      answers: { "200": ["One page of the list", responses.labelSetListResponseSchema] },
    }),
  },
  "/v1/label_sets/{id}": {
    get: operation({
      id: "getLabelSet",
      tag: "Label sets",
      summary: "One label set with its labels",
      description:
        "`status`, `prompts_done` and `bytes` refer to `model`, by default the deployment's first model. Requesting a " +
        "set whose computation has stopped, or was never begun for the model that it was stored with, has it computed.",
      path: setPath,
      query: labelSetQuerySchema,
      answers: { "200": ["The set", responses.labelSetDetailSchema] },
    }),
    delete: operation({
      id: "deleteLabelSet",
      tag: "Label sets",
      summary: "Remove a label set",
      description: "Effective everywhere within 60 seconds. The set's names go with it.",
      path: setPath,
      answers: { "200": ["The set is deleted", responses.deletedSchema] },
    }),
  },
};
