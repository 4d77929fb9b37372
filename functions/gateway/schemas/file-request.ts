/** What `POST /v1/files` and `GET /v1/files` take: OpenAI's fields, for what this service can use. */
import * as z from "zod";
import { FILE_PURPOSES, type FilePurpose, MAX_FILES_LISTED } from "../../files/account-files-rpc.ts";
import { parseFileId } from "../../files/file-id.ts";
import {
  MIN_EXPIRY,
  LONGEST_EXPIRY,
  MAX_FILE_BYTES,
  MAX_FILENAME_LENGTH,
  MAX_FILES_PAGE,
  MAX_IMAGE_BYTES,
} from "../limits.ts";
import { shownNumber, withoutControls } from "../shown-values.ts";

/** `batch_output` is the service's own to write. */
const UPLOADED = FILE_PURPOSES.filter((purpose) => purpose !== "batch_output");
/** Seconds that a batch's input stays unless the request says otherwise, as at OpenAI. */
export const BATCH_EXPIRY = 30 * 24 * 3600;

export function maxBytesOf(purpose: FilePurpose): number {
  return purpose === "batch" ? MAX_FILE_BYTES : MAX_IMAGE_BYTES;
}

export const purposeSchema = z.object({
  purpose: z
    .enum(UPLOADED, {
      error: (issue) => (issue.input === undefined ? undefined : `must be ${UPLOADED.join(", ")}`),
    })
    .meta({
      description:
        `\`batch\`: JSON lines, up to ${MAX_FILE_BYTES / 1e6} MB. ` +
        `The others: a picture, up to ${MAX_IMAGE_BYTES / 1e6} MB`,
    }),
});

const range = `must be from ${MIN_EXPIRY} to ${LONGEST_EXPIRY}`;
const invalid = { params: { code: "invalid_value" } };

/** @param what has the name, for errors */
export function filenameSchema(what: string) {
  return z
    .string()
    .trim()
    .refine((name) => name !== "", { error: `${what} has no name`, ...invalid })
    .refine((name) => name.length <= MAX_FILENAME_LENGTH, {
      error: `${what}'s name has more than ${MAX_FILENAME_LENGTH} characters`,
      params: { code: "too_long" },
    })
    .refine((name) => withoutControls(name) === name, {
      error: `${what}'s name has control characters`,
      ...invalid,
    });
}

/** `file` is the name; its bytes have gone their own way. */
export const fileRequestSchema = z
  .object({
    ...purposeSchema.shape,
    file: filenameSchema("the file").meta({
      override: { type: "string", format: "binary" },
      description: "A file, with a name",
    }),
    expires_after: z
      .object({
        anchor: z.literal("created_at"),
        seconds: z.coerce
          .number({ error: range })
          .int()
          .refine((seconds) => seconds >= MIN_EXPIRY && seconds <= LONGEST_EXPIRY, {
            error: range,
            ...invalid,
          }),
      })
      .optional()
      .meta({ description: "In a form, `expires_after[anchor]` and `expires_after[seconds]`" }),
  })
  .transform(({ purpose, file, expires_after: expiry }) => ({
    purpose,
    file,
    expires_after: expiry?.seconds ?? (purpose === "batch" ? BATCH_EXPIRY : null),
  }))
  .meta({ id: "CreateFileRequest" });

export const fileListSchema = z.object({
  after: z
    .string()
    .refine((id) => parseFileId(id) !== undefined, { error: "is no file's id", ...invalid })
    .optional()
    .meta({ description: "Id of the last file of the page before; it need not exist any more" }),
  limit: z.coerce
    .number()
    .int()
    .min(1, "must be at least 1")
    .max(MAX_FILES_PAGE, `at most ${MAX_FILES_PAGE}`)
    .default(MAX_FILES_PAGE)
    .meta({
      description: `A page has at most ${shownNumber(MAX_FILES_LISTED)} files, also if more are asked for: see \`has_more\``,
    }),
  order: z.enum(["asc", "desc"]).default("desc").meta({ description: "By when they were made" }),
  purpose: z.string().max(64).optional(),
});
