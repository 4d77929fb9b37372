/** The shapes of files and batches. */
import * as z from "zod";
import { MAX_BATCH_ERRORS } from "../../batches/batch-limits.ts";
import { BATCH_ENDPOINTS } from "../../batches/batch-object.ts";
import { FILE_PURPOSES } from "../../files/account-files-rpc.ts";
import { pageOf, seconds } from "./responses.ts";

export const fileSchema = z
  .object({
    id: z.string(),
    object: z.literal("file"),
    bytes: z.number().int(),
    created_at: seconds,
    expires_at: seconds.optional().meta({ description: "Absent for a file that stays until it is deleted" }),
    filename: z.string(),
    purpose: z.enum(FILE_PURPOSES),
    status: z.literal("processed"),
  })
  .meta({ id: "FileObject" });

export const fileListResponseSchema = pageOf(fileSchema).meta({ id: "FileList" });

export const deletedFileSchema = z
  .object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) })
  .meta({ id: "DeletedFile" });

/** A file's bytes. */
export const contentSchema = z.unknown().meta({ override: { type: "string", format: "binary" } });

const stamp = seconds.nullable();

export const batchSchema = z
  .object({
    id: z.string(),
    object: z.literal("batch"),
    endpoint: z.enum(BATCH_ENDPOINTS),
    errors: z
      .object({
        object: z.literal("list"),
        data: z.array(
          z.object({
            code: z.string(),
            message: z.string(),
            param: z.string().nullable(),
            line: z.number().int().nullable().meta({ description: "The line of the input file, from 1 on" }),
          }),
        ),
      })
      .nullable()
      .meta({
        description: `Why the batch failed: at most ${MAX_BATCH_ERRORS} faults of the input, or one of the whole`,
      }),
    input_file_id: z.string(),
    completion_window: z.literal("24h"),
    status: z.enum([
      "validating",
      "failed",
      "in_progress",
      "finalizing",
      "completed",
      "expired",
      "cancelling",
      "cancelled",
    ]),
    output_file_id: z
      .string()
      .nullable()
      .meta({ description: "The file with the answers of the lines that were answered" }),
    error_file_id: z
      .string()
      .nullable()
      .meta({ description: "The file with the errors of the lines that were refused, or not answered" }),
    created_at: seconds,
    in_progress_at: stamp,
    expires_at: seconds,
    finalizing_at: stamp,
    completed_at: stamp,
    failed_at: stamp,
    expired_at: stamp,
    cancelling_at: stamp,
    cancelled_at: stamp,
    request_counts: z.object({
      total: z.number().int(),
      completed: z.number().int(),
      failed: z.number().int(),
    }),
    metadata: z.record(z.string(), z.string()).nullable(),
  })
  .meta({ id: "Batch" });

export const batchListResponseSchema = pageOf(batchSchema).meta({ id: "BatchList" });
