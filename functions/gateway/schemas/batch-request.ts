/** What `POST /v1/batches` and `GET /v1/batches` take: OpenAI's fields. */
import * as z from "zod";
import { KEPT_FOR } from "../../batches/batch-limits.ts";
import { BATCH_ENDPOINTS, type BatchEndpoint } from "../../batches/batch-object.ts";
import { MIN_EXPIRY, LONGEST_EXPIRY, MAX_NAME_LENGTH } from "../limits.ts";
import { metadataSchema } from "./fields/metadata.ts";
import { pageLimitSchema } from "./fields/page-limit.ts";
import { shortString } from "./fields/short-string.ts";

const invalid = { params: { code: "invalid_value" } };

export const batchRequestSchema = z
  .object({
    input_file_id: shortString(MAX_NAME_LENGTH).meta({
      description:
        "Id of a file with the purpose `batch`: JSON lines with `custom_id`, `method`, `url` and `body`",
    }),
    endpoint: z
      .string()
      .refine((endpoint) => (BATCH_ENDPOINTS as readonly string[]).includes(endpoint), {
        error: `must be one of ${BATCH_ENDPOINTS.join(", ")}`,
        ...invalid,
      })
      .transform((endpoint) => endpoint as BatchEndpoint)
      .meta({
        override: { type: "string", enum: [...BATCH_ENDPOINTS] },
        description: "The endpoint of all lines",
      }),
    completion_window: z
      .string()
      .refine((window) => window === "24h", { error: 'must be "24h"', ...invalid })
      .meta({ override: { type: "string", const: "24h" } }),
    metadata: metadataSchema.optional(),
    output_expires_after: z
      .object({
        anchor: z.literal("created_at"),
        seconds: z
          .number()
          .int()
          .refine((seconds) => seconds >= MIN_EXPIRY && seconds <= LONGEST_EXPIRY, {
            error: `must be from ${MIN_EXPIRY} to ${LONGEST_EXPIRY}`,
            ...invalid,
          }),
      })
      .optional()
      .meta({ description: `When output and errors expire; by default after ${KEPT_FOR / 86_400} days` }),
  })
  .meta({ id: "CreateBatchRequest" });

export const batchListSchema = z.object({
  after: z.string().max(64).optional().meta({ description: "Id of the last batch of the page before" }),
  limit: pageLimitSchema,
});
