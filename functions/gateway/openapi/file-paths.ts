/** The operations of files and batches. */
import type { ZodOpenApiPathsObject } from "zod-openapi";
import {
  COMPLETION_WINDOW,
  KEPT_FOR,
  MAX_BATCH_IMAGES,
  MAX_BATCH_INPUTS,
  MAX_BATCH_LINES,
} from "../../batches/batch-limits.ts";
import { batchListSchema, batchRequestSchema } from "../schemas/batch-request.ts";
import { BATCH_EXPIRY, fileListSchema, fileRequestSchema } from "../schemas/file-request.ts";
import { shownNumber } from "../shown-values.ts";
import * as responses from "./file-responses.ts";
import { idPath, operation } from "./operation.ts";
import { errorSchema } from "./responses.ts";

const DAY = 86_400;

export const filePaths: ZodOpenApiPathsObject = {
  "/v1/files": {
    post: operation({
      id: "createFile",
      tag: "Files",
      summary: "Upload a file",
      description:
        'OpenAI\'s endpoint. A picture that was uploaded once is named as `{"file_id": …}` wherever a picture is taken. ' +
        `Files with the same bytes share a copy. The input of a batch expires after ${BATCH_EXPIRY / DAY} days unless the ` +
        "request says otherwise; other files stay.",
      request: fileRequestSchema,
      form: "only",
      answers: { "200": ["The file", responses.fileSchema] },
      idFor: ["getFile", "getFileContent", "deleteFile"],
    }),
    get: operation({
      id: "listFiles",
      tag: "Files",
      summary: "The account's files",
      description: "Page by page: `after` is the `last_id` of the page before.",
      query: fileListSchema,
      answers: { "200": ["A page of them", responses.fileListResponseSchema] },
    }),
  },
  "/v1/files/{id}": {
    get: operation({
      id: "getFile",
      tag: "Files",
      summary: "What is known of a file",
      description: "Its name, size, purpose and dates.",
      path: idPath("createFile"),
      answers: { "200": ["The file", responses.fileSchema] },
    }),
    delete: operation({
      id: "deleteFile",
      tag: "Files",
      summary: "Remove a file",
      description: "Effective at once, everywhere.",
      path: idPath("createFile"),
      answers: { "200": ["It is gone", responses.deletedFileSchema] },
    }),
  },
  "/v1/files/{id}/content": {
    get: operation({
      id: "getFileContent",
      tag: "Files",
      summary: "A file's bytes",
      description: "As they were uploaded, for saving: a browser does not show them.",
      path: idPath("createFile"),
      binary: true,
      answers: { "200": ["The bytes", responses.contentSchema] },
    }),
  },
  "/v1/batches": {
    post: operation({
      id: "createBatch",
      tag: "Batches",
      summary: `Answer the requests in a file within ${COMPLETION_WINDOW / 3600} hours`,
      description:
        "OpenAI's endpoint. Each line of the file is a request: `custom_id`, `method`, `url` and `body`. Lines are not " +
        `counted by the rate limit. A batch has at most ${shownNumber(MAX_BATCH_LINES)} lines, ` +
        `${shownNumber(MAX_BATCH_INPUTS)} inputs of embeddings and ${shownNumber(MAX_BATCH_IMAGES)} pictures.`,
      request: batchRequestSchema,
      answers: { "200": ["The batch", responses.batchSchema] },
      idFor: ["getBatch", "cancelBatch"],
    }),
    get: operation({
      id: "listBatches",
      tag: "Batches",
      summary: "The account's batches",
      description: `OpenAI's endpoint. The newest first; a batch is kept for ${KEPT_FOR / DAY} days once it is over.`,
      query: batchListSchema,
      answers: { "200": ["A page of them", responses.batchListResponseSchema] },
    }),
  },
  "/v1/batches/{id}": {
    get: operation({
      id: "getBatch",
      tag: "Batches",
      summary: "How far a batch is",
      description: "OpenAI's endpoint. Asking for a batch whose message was lost sends it on its way again.",
      path: idPath("createBatch"),
      answers: { "200": ["The batch", responses.batchSchema] },
    }),
  },
  "/v1/batches/{id}/cancel": {
    post: operation({
      id: "cancelBatch",
      tag: "Batches",
      summary: "Stop a batch",
      description:
        "Lines that were answered by then are in its output; a batch that is over gives 409 `conflict`.",
      path: idPath("createBatch"),
      answers: { "200": ["The batch", responses.batchSchema], "409": ["It is over", errorSchema] },
    }),
  },
};
