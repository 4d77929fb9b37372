/** What `/v1/vector_stores` takes: OpenAI's fields, and the model whose vectors a store has. */
import * as z from "zod";
import { MAX_BATCH_FILES } from "../../vector-stores/store-limits.ts";
import { LONGEST_STORE_LIFE, MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH } from "../limits.ts";
import { list } from "./fields/list.ts";
import { metadataSchema } from "./fields/metadata.ts";
import { modelSchema } from "./fields/model-name.ts";
import { pageLimitSchema } from "./fields/page-limit.ts";
import { shortString } from "./fields/short-string.ts";

const invalid = { params: { code: "invalid_value" } };

/** Accepted because SDKs send it. */
export const chunkingSchema = z
  .unknown()
  .optional()
  .meta({
    override: { type: "object" },
    description: "Accepted and ignored: a picture is not cut into pieces",
  });

/** Where there is a store already. */
export const storeModelSchema = modelSchema.meta({
  description: "Id or alias of the store's model, which is the default; another gives 409",
});

/**
 * What a path can name, whether there is such a file or not: a file batch keeps the ids of files that are not there.
 */
const FILE_ID = /^[A-Za-z0-9_-]{1,64}$/;

export const fileIdSchema = shortString(MAX_NAME_LENGTH, z.string().trim())
  .refine((id) => FILE_ID.test(id), { error: "is no file's id", ...invalid })
  .meta({ description: "Id of one of the account's files, a picture" });

const fields = {
  name: shortString(MAX_NAME_LENGTH).optional(),
  description: shortString(MAX_DESCRIPTION_LENGTH).optional(),
  metadata: metadataSchema.optional(),
  expires_after: z
    .object({
      anchor: z.literal("last_active_at"),
      days: z
        .number()
        .int()
        .refine((days) => days >= 1 && days <= LONGEST_STORE_LIFE, {
          error: `must be from 1 to ${LONGEST_STORE_LIFE}`,
          ...invalid,
        }),
    })
    .optional()
    .meta({ description: "After so many days without use the store expires; by default it stays" }),
};

export const vectorStoreRequestSchema = z
  .object({
    ...fields,
    model: modelSchema,
    file_ids: list(fileIdSchema)
      .max(MAX_BATCH_FILES, `at most ${MAX_BATCH_FILES} files`)
      .optional()
      .meta({ description: "Pictures that are added in the background, as a file batch" }),
    chunking_strategy: chunkingSchema,
  })
  .meta({ id: "CreateVectorStoreRequest" });

export const vectorStoreUpdateSchema = z.object(fields).meta({ id: "UpdateVectorStoreRequest" });

/** Query fields of a list whose entries have ids. */
export const cursorShape = {
  after: z
    .string()
    .max(MAX_NAME_LENGTH)
    .optional()
    .meta({ description: "Id of the last entry of the page before" }),
  before: z
    .string()
    .max(MAX_NAME_LENGTH)
    .optional()
    .meta({ description: "Id of the first entry of the page after" }),
  limit: pageLimitSchema,
  order: z.enum(["asc", "desc"]).default("desc").meta({ description: "By when they were made" }),
};

export const vectorStoreListSchema = z.object(cursorShape);
