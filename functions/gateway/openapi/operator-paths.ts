/** The operations for those who run the deployment. */
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { computeLabelSetsRequestSchema } from "../schemas/compute-label-sets-request.ts";
import { operatorReportQuerySchema } from "../schemas/operator-report-query.ts";
import { computedLabelSetSchema } from "./label-set-responses.ts";
import { operation } from "./operation.ts";
import { operatorReportSchema } from "./report-response.ts";

export const operatorPaths: ZodOpenApiPathsObject = {
  "/v1/operator/compute_label_sets": {
    post: operation({
      id: "computeLabelSets",
      tag: "Operation",
      summary: "Compute the stored label sets of all accounts for a model, one part in each request",
      description: "For operator keys. Repeat the request with the `after` of the answer until it is null.",
      request: computeLabelSetsRequestSchema,
      answers: {
        "200": ["What was computed, and `after` for the next request", computedLabelSetSchema],
      },
    }),
  },
  "/v1/operator/report": {
    get: operation({
      id: "operatorReport",
      tag: "Operation",
      summary: "What the platform does: one part in each request",
      description:
        "For operator keys; `npm run doctor` asks for all parts and says what they mean. It counts what accounts have, and " +
        "names nothing of it.",
      query: operatorReportQuerySchema,
      answers: { "200": ["The part that was asked for", operatorReportSchema] },
    }),
  },
};
