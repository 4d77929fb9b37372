/** The operations of vector stores. */
import * as z from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { MAX_BATCH_FILES, MAX_STORE_PICTURES, MAX_STORES } from "../../vector-stores/store-limits.ts";
import {
  fileBatchRequestSchema,
  storeFileListSchema,
  storeFilesRequestSchema,
  storeFileUpdateSchema,
} from "../schemas/store-file-request.ts";
import { storeSearchRequestSchema } from "../schemas/store-search-request.ts";
import {
  vectorStoreListSchema,
  vectorStoreRequestSchema,
  vectorStoreUpdateSchema,
} from "../schemas/vector-store-request.ts";
import { shownNumber } from "../shown-values.ts";
import { idOf, idPath, operation, type Operation } from "./operation.ts";
import { errorSchema } from "./responses.ts";
import * as responses from "./vector-store-responses.ts";

const tag = "Vector stores";
const storePath = idPath("createVectorStore");
const filePath = z.object({
  id: idOf("createVectorStore"),
  file_id: idOf("addVectorStoreFiles").meta({ description: "Id of a picture in the store" }),
});
const batchPath = z.object({ id: idOf("createVectorStore"), batch_id: idOf("createVectorStoreFileBatch") });

const FILE = { id: "vector_store_id", file_id: "id" };
const BATCH = { id: "vector_store_id", batch_id: "id" };

/** Refusals of operations that compare or add vectors. */
const mismatch = {
  "409": ["The store's vectors are of another model, or it has expired", errorSchema],
} as const satisfies Partial<Operation["answers"]>;
const expired = {
  "409": ["The store has expired", errorSchema],
} as const satisfies Partial<Operation["answers"]>;

export const vectorStorePaths: ZodOpenApiPathsObject = {
  "/v1/vector_stores": {
    post: operation({
      id: "createVectorStore",
      tag,
      summary: "Make a vector store",
      description:
        "OpenAI's endpoint. The store's vectors are of `model`, by default the deployment's first model, at its present " +
        `revision. At most ${MAX_STORES} stores an account, and ${shownNumber(MAX_STORE_PICTURES)} pictures a store.`,
      request: vectorStoreRequestSchema,
      answers: { "200": ["The store", responses.vectorStoreSchema] },
      idFor: [
        "getVectorStore",
        "updateVectorStore",
        "deleteVectorStore",
        "searchVectorStore",
        "addVectorStoreFiles",
        "listVectorStoreFiles",
        "createVectorStoreFileBatch",
      ],
    }),
    get: operation({
      id: "listVectorStores",
      tag,
      summary: "The account's vector stores",
      description:
        "OpenAI's endpoint. A cursor that the list does not have is refused; that of an entry deleted lately is known.",
      query: vectorStoreListSchema,
      answers: { "200": ["A page of them", responses.vectorStoreListResponseSchema] },
    }),
  },
  "/v1/vector_stores/{id}": {
    get: operation({
      id: "getVectorStore",
      tag,
      summary: "What is known of a vector store",
      description: "OpenAI's endpoint. Looking at a store does not count as its use.",
      path: storePath,
      answers: { "200": ["The store", responses.vectorStoreSchema] },
    }),
    post: operation({
      id: "updateVectorStore",
      tag,
      summary: "Change a vector store's name, description, metadata or expiry",
      description: "OpenAI's endpoint. What the request does not have stays; null takes back what was set.",
      path: storePath,
      request: vectorStoreUpdateSchema,
      answers: { "200": ["The store", responses.vectorStoreSchema] },
    }),
    delete: operation({
      id: "deleteVectorStore",
      tag,
      summary: "Remove a vector store",
      description: "OpenAI's endpoint. Effective at once; the files of its pictures stay.",
      path: storePath,
      answers: { "200": ["It is gone", responses.deletedVectorStoreSchema] },
    }),
  },
  "/v1/vector_stores/{id}/files": {
    post: operation({
      id: "addVectorStoreFiles",
      tag,
      summary: "Add pictures to a vector store",
      description:
        "OpenAI's endpoint for a file of the account; beside it, pictures as elsewhere, or a vector. The answer comes when " +
        "the pictures are in the store: the next search finds them. A file that the store has already is replaced. One " +
        "file, picture or vector is answered by the file of the store; `images` and forms by a list.",
      path: storePath,
      request: storeFilesRequestSchema,
      form: true,
      answers: { "200": ["What was added", responses.addedSchema], ...mismatch },
      links: {
        getVectorStoreFile: FILE,
        updateVectorStoreFile: FILE,
        deleteVectorStoreFile: FILE,
        getVectorStoreFileContent: FILE,
      },
    }),
    get: operation({
      id: "listVectorStoreFiles",
      tag,
      summary: "The pictures of a vector store",
      description:
        "OpenAI's endpoint. A cursor that the list does not have is refused; that of an entry deleted lately is known.",
      path: storePath,
      query: storeFileListSchema,
      answers: { "200": ["A page of them", responses.vectorStoreFileListResponseSchema] },
    }),
  },
  "/v1/vector_stores/{id}/files/{file_id}": {
    get: operation({
      id: "getVectorStoreFile",
      tag,
      summary: "A picture of a vector store",
      description: "OpenAI's endpoint.",
      path: filePath,
      answers: { "200": ["The picture", responses.vectorStoreFileSchema] },
    }),
    post: operation({
      id: "updateVectorStoreFile",
      tag,
      summary: "Replace a picture's attributes",
      description: "OpenAI's endpoint. The next search filters by the new ones.",
      path: filePath,
      request: storeFileUpdateSchema,
      answers: { "200": ["The picture", responses.vectorStoreFileSchema], ...expired },
    }),
    delete: operation({
      id: "deleteVectorStoreFile",
      tag,
      summary: "Take a picture out of a vector store",
      description: "OpenAI's endpoint. The next search does not find it; its file stays.",
      path: filePath,
      answers: { "200": ["It is gone", responses.deletedVectorStoreFileSchema] },
    }),
  },
  "/v1/vector_stores/{id}/files/{file_id}/content": {
    get: operation({
      id: "getVectorStoreFileContent",
      tag,
      summary: "What a picture of a vector store is",
      description:
        "OpenAI's endpoint. Its name, and the id of its file, whose bytes are at `/v1/files/{id}/content`. A vector that " +
        "was added without a picture gives 404.",
      path: filePath,
      answers: { "200": ["Name and file", responses.vectorStoreFileContentSchema] },
    }),
  },
  "/v1/vector_stores/{id}/file_batches": {
    post: operation({
      id: "createVectorStoreFileBatch",
      tag,
      summary: `Add up to ${shownNumber(MAX_BATCH_FILES)} files in the background`,
      description: "OpenAI's endpoint. A file that cannot be read fails alone; its `last_error` says why.",
      path: storePath,
      request: fileBatchRequestSchema,
      answers: { "200": ["The batch", responses.fileBatchSchema], ...mismatch },
      links: {
        getVectorStoreFileBatch: BATCH,
        cancelVectorStoreFileBatch: BATCH,
        listVectorStoreFileBatchFiles: BATCH,
      },
    }),
  },
  "/v1/vector_stores/{id}/file_batches/{batch_id}": {
    get: operation({
      id: "getVectorStoreFileBatch",
      tag,
      summary: "How far a file batch is",
      description: "OpenAI's endpoint.",
      path: batchPath,
      answers: { "200": ["The batch", responses.fileBatchSchema] },
    }),
  },
  "/v1/vector_stores/{id}/file_batches/{batch_id}/cancel": {
    post: operation({
      id: "cancelVectorStoreFileBatch",
      tag,
      summary: "Stop a file batch",
      description: "OpenAI's endpoint. What was added by then stays; a batch that is over is left as it is.",
      path: batchPath,
      answers: { "200": ["The batch", responses.fileBatchSchema] },
    }),
  },
  "/v1/vector_stores/{id}/file_batches/{batch_id}/files": {
    get: operation({
      id: "listVectorStoreFileBatchFiles",
      tag,
      summary: "The pictures that came with a file batch",
      description: "OpenAI's endpoint.",
      path: batchPath,
      query: storeFileListSchema,
      answers: { "200": ["A page of them", responses.vectorStoreFileListResponseSchema] },
    }),
  },
  "/v1/vector_stores/{id}/search": {
    post: operation({
      id: "searchVectorStore",
      tag,
      summary: "Find the pictures that are nearest to words, pictures or a mix",
      description:
        "OpenAI's endpoint, whose `query` may also be `image` or `content`. Every picture that passes the filters is " +
        "compared. What was answered as added before is found, and what was answered as deleted is not.",
      path: storePath,
      request: storeSearchRequestSchema,
      form: true,
      answers: { "200": ["The nearest first", responses.searchResponseSchema], ...mismatch },
    }),
  },
};
