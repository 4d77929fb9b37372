/** The shapes of vector stores, their pictures and file batches: OpenAI's, with the model beside them. */
import * as z from "zod";
import { cosine, listOf, model, pageOf, rowErrorSchema, seconds, usageSchema } from "./responses.ts";

const whole = z.number().int();
const STATUSES = ["in_progress", "completed", "failed", "cancelled"] as const;

const countsSchema = z
  .object({ in_progress: whole, completed: whole, failed: whole, cancelled: whole, total: whole })
  .meta({ id: "FileCounts" });

const attributesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const vectorStoreSchema = z
  .object({
    id: z.string(),
    object: z.literal("vector_store"),
    created_at: seconds,
    name: z.string().meta({ description: "Empty if it was given none" }),
    description: z.string().nullable(),
    status: z.enum(["expired", "in_progress", "completed"]),
    usage_bytes: whole.meta({ description: "What vectors, attributes and names take" }),
    file_counts: countsSchema,
    metadata: z.record(z.string(), z.string()),
    last_active_at: seconds,
    expires_at: seconds.nullable(),
    expires_after: z
      .object({ anchor: z.literal("last_active_at"), days: whole })
      .optional()
      .meta({ description: "Absent for a store that stays" }),
    model: z.string().meta({ description: "Alias of the model that the vectors are from" }),
    revision: z.string().meta({ description: "The revision of that model" }),
  })
  .meta({ id: "VectorStore" });

export const vectorStoreListResponseSchema = pageOf(vectorStoreSchema).meta({ id: "VectorStoreList" });

export const deletedVectorStoreSchema = z
  .object({ id: z.string(), object: z.literal("vector_store.deleted"), deleted: z.literal(true) })
  .meta({ id: "DeletedVectorStore" });

export const vectorStoreFileSchema = z
  .object({
    id: z.string().meta({ description: "The id of the picture's file" }),
    object: z.literal("vector_store.file"),
    created_at: seconds,
    vector_store_id: z.string(),
    status: z.enum(STATUSES),
    last_error: z
      .object({ code: z.enum(["server_error", "unsupported_file", "invalid_file"]), message: z.string() })
      .nullable(),
    usage_bytes: whole.meta({ description: "The size of the file; 0 for a vector without one" }),
    attributes: attributesSchema,
    filename: z.string(),
  })
  .meta({ id: "VectorStoreFile" });

const addedFileSchema = z
  .object({ ...vectorStoreFileSchema.shape, ...model, usage: usageSchema })
  .meta({ id: "AddedVectorStoreFile" });

const addedRowSchema = z
  .object({
    ...vectorStoreFileSchema.partial().shape,
    object: z.enum(["vector_store.file", "error"]),
    index: whole
      .optional()
      .meta({ description: "The picture's place in the request, if the row has an error" }),
    error: rowErrorSchema,
  })
  .meta({ id: "AddedVectorStoreFileRow" });

const addedFilesSchema = listOf(addedRowSchema).meta({ id: "AddedVectorStoreFiles" });

export const addedSchema = z
  .union([addedFileSchema, addedFilesSchema])
  .meta({ id: "AddVectorStoreFilesResponse" });

export const vectorStoreFileListResponseSchema = pageOf(vectorStoreFileSchema).meta({
  id: "VectorStoreFileList",
});

export const deletedVectorStoreFileSchema = z
  .object({ id: z.string(), object: z.literal("vector_store.file.deleted"), deleted: z.literal(true) })
  .meta({ id: "DeletedVectorStoreFile" });

export const vectorStoreFileContentSchema = z
  .object({
    object: z.literal("vector_store.file_content.page"),
    file_id: z.string(),
    filename: z.string(),
    attributes: attributesSchema,
    data: z.array(
      z
        .object({
          type: z.enum(["text", "input_image"]),
          text: z.string().optional(),
          file_id: z.string().optional(),
        })
        .meta({ id: "VectorStoreFileContentPart" }),
    ),
    has_more: z.literal(false),
    next_page: z.null(),
  })
  .meta({ id: "VectorStoreFileContent" });

export const fileBatchSchema = z
  .object({
    id: z.string(),
    object: z.literal("vector_store.files_batch"),
    created_at: seconds,
    vector_store_id: z.string(),
    status: z.enum(STATUSES),
    file_counts: countsSchema,
  })
  .meta({ id: "VectorStoreFileBatch" });

export const searchResponseSchema = z
  .object({
    object: z.literal("vector_store.search_results.page"),
    search_query: z.array(z.string()).meta({ description: "The texts that were looked for" }),
    data: z.array(
      z
        .object({
          file_id: z.string(),
          filename: z.string(),
          score: cosine.meta({ description: "Cosine of query and picture" }),
          attributes: attributesSchema,
          content: z.array(
            z
              .object({ type: z.literal("text"), text: z.string() })
              .meta({ id: "SearchResultContent", description: "The file's name: a picture has no text" }),
          ),
        })
        .meta({ id: "SearchResult" }),
    ),
    has_more: z.boolean().meta({ description: "More pictures match than were asked for" }),
    next_page: z.null(),
    ...model,
    usage: usageSchema,
  })
  .meta({ id: "SearchVectorStoreResponse" });
