/**
 * What `/v1/vector_stores/{id}/files` and `…/file_batches` take: OpenAI's files, and beside them pictures and vectors.
 */
import * as z from "zod";
import { MAX_BATCH_FILES } from "../../vector-stores/store-limits.ts";
import { vectorSchema } from "./fields/example.ts";
import { filenameSchema } from "./file-request.ts";
import { imagesSchema } from "./fields/image.ts";
import { list } from "./fields/list.ts";
import { attributesSchema } from "./fields/metadata.ts";
import { onErrorSchema } from "./fields/on-error.ts";
import { requireOne } from "./fields/one-of.ts";
import { chunkingSchema, cursorShape, fileIdSchema, storeModelSchema } from "./vector-store-request.ts";

const SOURCES = ["file_id", "images", "embedding"] as const;

export const storeFilesRequestSchema = z
  .object({
    file_id: fileIdSchema.optional(),
    images: imagesSchema.optional().meta({
      description:
        "Pictures, which become files of the account with the purpose `vision`; or files by their ids",
    }),
    embedding: vectorSchema.optional().meta({
      description:
        "A vector of the store's model, as numbers or as base64 of little-endian float32, without a picture",
    }),
    filename: filenameSchema("the picture").optional().meta({
      description: "The name of a picture or vector. A file of a form has its own, which this one replaces",
    }),
    attributes: attributesSchema.optional(),
    chunking_strategy: chunkingSchema,
    model: storeModelSchema,
    on_error: onErrorSchema,
  })
  .superRefine(
    requireOne(
      SOURCES,
      "file_id, image, images or embedding is needed",
      "file_id, images and embedding exclude each other",
    ),
  )
  .meta({ id: "AddVectorStoreFilesRequest" });

export const storeFileUpdateSchema = z
  .object({ attributes: attributesSchema })
  .meta({ id: "UpdateVectorStoreFileRequest" });

export const storeFileListSchema = z.object({
  ...cursorShape,
  filter: z
    .enum(["in_progress", "completed", "failed", "cancelled"])
    .optional()
    .meta({ description: "Status" }),
});

const most = `at most ${MAX_BATCH_FILES} files`;

export const fileBatchRequestSchema = z
  .object({
    file_ids: list(fileIdSchema).min(1, "at least one file is needed").max(MAX_BATCH_FILES, most).optional(),
    files: list(
      z
        .object({
          file_id: fileIdSchema,
          attributes: attributesSchema.optional(),
          chunking_strategy: chunkingSchema,
        })
        .meta({ id: "FileBatchFile" }),
    )
      .min(1, "at least one file is needed")
      .max(MAX_BATCH_FILES, most)
      .optional()
      .meta({ description: "Instead of `file_ids`, for files with attributes of their own" }),
    attributes: attributesSchema.optional(),
    chunking_strategy: chunkingSchema,
  })
  .superRefine(({ file_ids, files }, context) => {
    if ((file_ids === undefined) !== (files === undefined)) return;
    const message =
      file_ids === undefined ? "file_ids or files is needed" : "file_ids and files exclude each other";
    const code = file_ids === undefined ? "missing_field" : "invalid_type";
    context.addIssue({ code: "custom", path: ["file_ids"], message, params: { code } });
  })
  .transform(({ file_ids = [], files, attributes = {} }) =>
    files === undefined
      ? file_ids.map((id) => ({ id, attributes }))
      : files.map((file) => ({ id: file.file_id, attributes: file.attributes ?? {} })),
  )
  .meta({ id: "CreateFileBatchRequest" });
