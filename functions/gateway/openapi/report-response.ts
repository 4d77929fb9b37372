/** The shape of the operator's report. `npm run doctor` reads answers with it. */
import * as z from "zod";

const milliseconds = z.number().meta({ description: "Milliseconds" });
const reason = z.string().nullable().meta({ description: "Why there is no answer; null if there is one" });
const counts = z.record(z.string(), z.number().int());
const dot = z.enum(["none", "7-bit", "bytes"]);

const answerTimeSchema = z
  .object({ name: z.string(), ms: milliseconds, error: reason })
  .meta({ id: "AnswerTime" });

const queueSchema = z
  .object({ waiting: z.number().nullable(), oldest_seconds: z.number().nullable(), error: reason })
  .meta({ id: "QueueReport" });

const isolateId = z.string().meta({ description: "Random, of the isolate that answered" });
const age = milliseconds.meta({ description: "Milliseconds since the isolate's first request" });

const hostSchema = z.object({
  isolate: z.object({ id: isolateId, age_ms: age }),
  access: z.string(),
  has_pepper: z.boolean(),
  rate_limits: z.string().nullable(),
  image_cache_ttl: z
    .number()
    .meta({ description: "How long image embeddings are kept, seconds; 0 if they are not" }),
  dot: dot.meta({ description: "What the dot product of the gateway's host is good for" }),
  clock: z.object({
    computing_ms: z.number().meta({ description: "What the clock advanced while code computed" }),
    across_io_ms: z.number().meta({ description: "What it advanced over the same and one read of KV" }),
    timer_ms: z.number().meta({ description: "What it advanced over a timer of 20 ms" }),
    check: z.number(),
  }),
  stores: z.array(answerTimeSchema),
  queue: queueSchema.meta({ description: "Of label sets and vector stores" }),
  batch_queue: queueSchema.meta({ description: "Of batches" }),
  met_limits: counts.meta({ description: "Refusals of this isolate, by error code" }),
});

const cachedAnswerSchema = z
  .object({ origin: z.enum(["cache", "r2"]).nullable(), ms: milliseconds, error: reason })
  .meta({ id: "CachedAnswer" });

const cacheSchema = z.object({ has_cache: z.boolean(), answers: z.array(cachedAnswerSchema) });

const invocationsSchema = z.object({
  asked: z.number().int(),
  answered: z.number().int(),
  cached: z.number().int(),
  error: reason,
});

const workerFiguresSchema = z
  .object({
    name: z.string(),
    wasm_bytes: z.number().int(),
    runs: z.number().int(),
    dot: dot.nullable(),
    loaded_from: z.enum(["cache", "r2", "repaired"]).nullable(),
    manifest_ms: milliseconds.nullable(),
    shards_ms: milliseconds.nullable(),
    ready_ms: milliseconds.nullable(),
    repaired: z.array(z.string()),
    isolate: isolateId.nullable(),
    age_ms: age.nullable(),
    error: reason,
  })
  .meta({ id: "WorkerFigures" });
export type WorkerFigures = z.infer<typeof workerFiguresSchema>;

const modelReportSchema = z
  .object({
    model: z.string(),
    id: z.string().nullable(),
    format: z.string().nullable(),
    bytes: z.number().int().nullable(),
    image_bytes: z.number().int().nullable().meta({ description: "Of the image tower's shards" }),
    text_bytes: z.number().int().nullable().meta({ description: "Of the text tower's shards" }),
    error: reason,
    image_stages: z
      .number()
      .int()
      .nullable()
      .meta({ description: "Number of stages; null if the first does not answer" }),
    image: z
      .array(workerFiguresSchema)
      .meta({ description: "A row for each stage that answers, and for the first that does not" }),
    text: z.array(workerFiguresSchema),
  })
  .meta({ id: "ModelReport" });

const towersSchema = z.object({
  wasm_limit: z.number().int(),
  decoder: z.array(workerFiguresSchema),
  search: z.array(workerFiguresSchema),
  models: z.array(modelReportSchema),
});

const setCountsSchema = z
  .object({
    model: z.string(),
    ready: z.number().int(),
    building: z.number().int().meta({ description: "That are being computed" }),
    missing_examples: z.number().int().meta({
      description: "Whose owners must store them again: the model has no vectors of their examples",
    }),
    bytes: z.number().int(),
  })
  .meta({ id: "LabelSetCounts" });

const labelSetsSchema = z.object({
  sets: z.number().int(),
  uncomputed: z.number().int().meta({
    description:
      "That are older than a minute and for no model ready, building or without vectors of examples",
  }),
  models: z.array(setCountsSchema),
  after: z.number().int().nullable().meta({ description: "For the next page; null after the last one" }),
});

const batchesSchema = z.object({
  batches: z.number().int(),
  unreachable: z.number().int(),
  lines: z.number().int(),
  lines_done: z.number().int(),
  statuses: counts,
  oldest_seconds: z.number().nullable(),
  is_whole: z.boolean().meta({ description: "False if there are more batches than were asked" }),
});

const vectorStoresSchema = z.object({
  stores: z.number().int(),
  unreachable: z.number().int(),
  expired: z.number().int(),
  pictures: z.number().int().meta({ description: "That searches find" }),
  waiting: z.number().int().meta({ description: "Pictures of file batches that are not embedded yet" }),
  failed: z.number().int(),
  bytes: z.number().int().meta({ description: "Of vectors, attributes and names" }),
  is_whole: z.boolean().meta({ description: "False if there are more stores than were asked" }),
});

export const operatorReportSchema = z
  .object({
    object: z.literal("operator_report"),
    version: z.string(),
    models: z
      .array(z.string())
      .meta({ description: "`<alias>@<revision>` of each model that is served, the default first" }),
    data_center: z.string().nullable().meta({ description: "Cloudflare's code for it; null elsewhere" }),
    host: hostSchema.optional(),
    cache: cacheSchema.optional(),
    invocations: invocationsSchema.optional(),
    towers: towersSchema.optional(),
    label_sets: labelSetsSchema.optional(),
    batches: batchesSchema.optional(),
    vector_stores: vectorStoresSchema.optional(),
  })
  .meta({ id: "OperatorReport" });
export type OperatorReport = z.infer<typeof operatorReportSchema>;
