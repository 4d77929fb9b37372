/** The API's reference in OpenAPI 3.1, built from the schemas that validate requests. */
import * as z from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { classifyRequestSchema } from "../schemas/classify-request.ts";
import { embeddingsRequestSchema } from "../schemas/embeddings-request.ts";
import {
  labelSetListSchema,
  labelSetQuerySchema,
  labelSetRequestSchema,
} from "../schemas/label-set-request.ts";
import { fileListSchema, fileRequestSchema } from "../schemas/file-request.ts";
import { rerankRequestSchema } from "../schemas/rerank-request.ts";
import { similarityRequestSchema } from "../schemas/similarity-request.ts";
import { computeLabelSetsRequestSchema } from "../schemas/compute-label-sets-request.ts";
import { acceptNulls } from "./accept-nulls.ts";
import * as responses from "./responses.ts";

const JSON_TYPE = "application/json";
const FORM = "multipart/form-data";
const BINARY = "application/octet-stream";

interface Operation {
  id: string;
  tag: "Pictures and texts" | "Label sets" | "Files" | "Models" | "Operation" | "Health";
  summary: string;
  description?: string;
  request?: z.ZodType;
  /** True if a form with files may be sent instead of JSON; `only` if nothing else may. */
  form?: boolean | "only";
  /** True if the answer is bytes instead of JSON. */
  binary?: boolean;
  query?: z.ZodObject;
  path?: z.ZodObject;
  /** Answers by status. */
  answers: Record<`${1 | 2 | 3 | 4 | 5}${string}`, [description: string, schema: z.ZodType]>;
}

/** Statuses that every operation may answer in addition to its own. */
const REFUSALS = {
  "400": "The request is wrong; `param` names the field",
  "401": "The API key is missing or wrong",
  "403": "The account has reached its limit, or the page's origin is not allowed",
  "404": "The address, model, label set or file does not exist",
  "413": "The request's body is too large",
  "415": "The request's body is of another type, or compressed",
  "429": "Too many requests; `retry-after` says when",
  "503": "Cannot answer at present; `retry-after` says when",
};

function operation({
  id,
  tag,
  summary,
  description,
  request,
  form,
  binary,
  query,
  path,
  answers,
}: Operation): ZodOpenApiOperationObject {
  const content = request && {
    ...(form === "only" ? {} : { [JSON_TYPE]: { schema: request } }),
    ...(form ? { [FORM]: { schema: request } } : {}),
  };
  const responseOf = ([text, schema]: [string, z.ZodType], type = JSON_TYPE) => ({
    description: text,
    content: { [type]: { schema } },
  });
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(content === undefined ? {} : { requestBody: { required: true, content } }),
    ...(query === undefined && path === undefined
      ? {}
      : { requestParams: { ...(query && { query }), ...(path && { path }) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(REFUSALS).map(([status, text]) => [status, responseOf([text, responses.errorSchema])]),
      ),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          responseOf(answer, binary === true ? BINARY : JSON_TYPE),
        ]),
      ),
    },
  };
}

const idPath = z.object({ id: z.string() });

const paths: ZodOpenApiPathsObject = {
  "/v1/classify": {
    post: operation({
      id: "classify",
      tag: "Pictures and texts",
      summary: "The best label for each picture",
      description:
        "`input` and `image` are aliases of `images`, `label` of `labels`; a single one need not be a list.",
      request: classifyRequestSchema,
      form: true,
      answers: { "200": ["A row for each picture", responses.classifyResponseSchema] },
    }),
  },
  "/v1/similarity": {
    post: operation({
      id: "similarity",
      tag: "Pictures and texts",
      summary: "Compare every picture with every text",
      description:
        "`image` and `input` are aliases of `images`, `text` of `texts`; a single one need not be a list.",
      request: similarityRequestSchema,
      form: true,
      answers: { "200": ["A row for each picture", responses.similarityResponseSchema] },
    }),
  },
  "/v1/embeddings": {
    post: operation({
      id: "embeddings",
      tag: "Pictures and texts",
      summary: "Embeddings of texts and pictures",
      description: "OpenAI's endpoint. A plain string is always a text; a picture is an object.",
      request: embeddingsRequestSchema,
      answers: { "200": ["A vector for each input", responses.embeddingsResponseSchema] },
    }),
  },
  "/v1/rerank": {
    post: operation({
      id: "rerank",
      tag: "Pictures and texts",
      summary: "Sort documents by similarity to a query",
      description: "Query and documents may each be texts or pictures.",
      request: rerankRequestSchema,
      answers: { "200": ["The most similar first", responses.rerankResponseSchema] },
    }),
  },
  "/v1/label_sets": {
    post: operation({
      id: "createLabelSet",
      tag: "Label sets",
      summary: "Store a set of labels",
      description:
        "Storing the same set again gives the same id and costs nothing. A set works with all models of the deployment: " +
        "its id names no model, and each model has its own embeddings. They are computed now for `model`; for another " +
        "model they are computed when the set is posted, or used in a classification, with that model.",
      request: labelSetRequestSchema,
      answers: {
        "200": ["The set already existed", responses.labelSetSchema],
        "201": ["The set is new and ready", responses.labelSetSchema],
        "202": ["The set is being computed in the background", responses.labelSetSchema],
      },
    }),
    get: operation({
      id: "listLabelSets",
      tag: "Label sets",
      summary: "The caller's label sets",
      description: "`status` is given for `model`.",
      query: labelSetListSchema,
      answers: { "200": ["One page of the list", responses.labelSetListResponseSchema] },
    }),
  },
  "/v1/label_sets/{id}": {
    get: operation({
      id: "getLabelSet",
      tag: "Label sets",
      summary: "One label set with its labels",
      description:
        "`status`, `prompts_done` and `bytes` refer to `model`, by default the deployment's first model. Requesting a " +
        "set whose computation has stopped resumes it.",
      path: idPath,
      query: labelSetQuerySchema,
      answers: { "200": ["The set", responses.labelSetDetailSchema] },
    }),
    delete: operation({
      id: "deleteLabelSet",
      tag: "Label sets",
      summary: "Remove a label set",
      description: "Effective everywhere within 60 seconds.",
      path: idPath,
      answers: { "200": ["The set is deleted", responses.deletedSchema] },
    }),
  },
  "/v1/files": {
    post: operation({
      id: "createFile",
      tag: "Files",
      summary: "Upload a file",
      description:
        'OpenAI\'s endpoint. A picture that was uploaded once is named as `{"file_id": …}` wherever a picture is taken. ' +
        "Files with the same bytes share a copy. The input of a batch expires after 30 days unless the request says otherwise; " +
        "other files stay.",
      request: fileRequestSchema,
      form: "only",
      answers: { "200": ["The file", responses.fileSchema] },
    }),
    get: operation({
      id: "listFiles",
      tag: "Files",
      summary: "The account's files",
      query: fileListSchema,
      answers: { "200": ["A page of them", responses.fileListResponseSchema] },
    }),
  },
  "/v1/files/{id}": {
    get: operation({
      id: "getFile",
      tag: "Files",
      summary: "What is known of a file",
      path: idPath,
      answers: { "200": ["The file", responses.fileSchema] },
    }),
    delete: operation({
      id: "deleteFile",
      tag: "Files",
      summary: "Remove a file",
      description: "Effective at once, everywhere.",
      path: idPath,
      answers: { "200": ["It is gone", responses.deletedFileSchema] },
    }),
  },
  "/v1/files/{id}/content": {
    get: operation({
      id: "getFileContent",
      tag: "Files",
      summary: "A file's bytes",
      path: idPath,
      binary: true,
      answers: { "200": ["The bytes", responses.contentSchema] },
    }),
  },
  "/v1/models": {
    get: operation({
      id: "listModels",
      tag: "Models",
      summary: "The deployment's models",
      answers: { "200": ["All models", responses.modelListSchema] },
    }),
  },
  "/v1/models/{id}": {
    get: operation({
      id: "getModel",
      tag: "Models",
      summary: "One model, by id or alias",
      path: idPath,
      answers: { "200": ["The model", responses.modelObjectSchema] },
    }),
  },
  "/v1/operator/compute_label_sets": {
    post: operation({
      id: "computeLabelSets",
      tag: "Operation",
      summary: "Compute the stored label sets of all accounts for a model, one part in each request",
      description: "For operator keys. Repeat the request with the `after` of the answer until it is null.",
      request: computeLabelSetsRequestSchema,
      answers: {
        "200": ["What was computed, and `after` for the next request", responses.computedLabelSetSchema],
      },
    }),
  },
  "/healthz": {
    get: operation({
      id: "healthz",
      tag: "Health",
      summary: "Whether the gateway runs",
      answers: { "200": ["It does", responses.healthSchema] },
    }),
  },
  "/readyz": {
    get: operation({
      id: "readyz",
      tag: "Health",
      summary: "Whether the gateway reaches the Workers and stores that it needs",
      answers: {
        "200": ["It does", responses.healthSchema],
        "503": ["It does not reach at least one of them", responses.healthSchema],
      },
    }),
  },
};

/** @param server base URL of all paths */
export function openApiDocument(server: string): object {
  const document = createDocument({
    openapi: "3.1.1",
    info: {
      title: "edgeclip",
      version: "1",
      description: "Zero-shot image classification and image-text retrieval with OpenCLIP ConvNeXt models.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: server }],
    security: [{ key: [] }],
    components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    paths,
  });
  acceptNulls(document);
  return document;
}
