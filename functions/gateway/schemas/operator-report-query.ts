/** `GET /v1/operator/report`. */
import * as z from "zod";

export const REPORT_PARTS = [
  "host",
  "cache",
  "invocations",
  "towers",
  "label_sets",
  "batches",
  "vector_stores",
] as const;

/** R2 lists 1,000 of them at a time. */
const MAX_SETS_BEFORE = 100_000;

export const operatorReportQuerySchema = z.object({
  part: z
    .enum(REPORT_PARTS)
    .default("host")
    .meta({
      description:
        "`host`: clock, dot product, stores, queues. `cache`: whether the data center's cache answers. `invocations`: whether " +
        "its answers count among the Workers of a request. `towers`: models and Workers. `label_sets`: one page. `batches`: " +
        "those that are not over. `vector_stores`: how many there are, and what is in them",
    }),
  after: z.coerce
    .number()
    .int()
    .min(0)
    .max(MAX_SETS_BEFORE)
    .default(0)
    .meta({ description: "To go on listing `label_sets`: `after` of the page before" }),
});
