/** The API's reference in OpenAPI 3.1, built from the schemas that validate requests. */
import * as z from "zod";
import { createDocument, type ZodOpenApiPathsObject } from "zod-openapi";
import { classifyRequestSchema } from "../schemas/classify-request.ts";
import { embeddingsRequestSchema } from "../schemas/embeddings-request.ts";
import {
  labelSetListSchema,
  labelSetQuerySchema,
  labelSetRequestSchema,
} from "../schemas/label-set-request.ts";
import { cohereEmbedRequestSchema } from "../schemas/cohere-embed-request.ts";
import { featureExtractionRequestSchema, zeroShotRequestSchema } from "../schemas/hugging-face-request.ts";
import { batchListSchema, batchRequestSchema } from "../schemas/batch-request.ts";
import { fileListSchema, fileRequestSchema } from "../schemas/file-request.ts";
import { rerankRequestSchema } from "../schemas/rerank-request.ts";
import { similarityRequestSchema } from "../schemas/similarity-request.ts";
import { computeLabelSetsRequestSchema } from "../schemas/compute-label-sets-request.ts";
import { operatorReportQuerySchema } from "../schemas/operator-report-query.ts";
import { VERSION } from "../version.ts";
import { acceptNulls } from "./accept-nulls.ts";
import { describeAliases } from "./aliases.ts";
import type { Described } from "./described.ts";
import { EXAMPLE_SET } from "./examples.ts";
import { describeForms } from "./forms.ts";
import { operation, TAGS } from "./operation.ts";
import { operatorReportSchema } from "./report-response.ts";
import * as compatible from "./compatible-responses.ts";
import * as responses from "./responses.ts";

/** @param from operation whose answer has the id */
function idPath(from: string): z.ZodObject {
  return z.object({ id: z.string().meta({ description: `The \`id\` in an answer of \`${from}\`` }) });
}

const setPath = z.object({
  id: z.string().meta({ description: "Id or name of a label set", example: EXAMPLE_SET }),
});

const paths: ZodOpenApiPathsObject = {
  "/v1/classify": {
    post: operation({
      id: "classify",
      tag: "Pictures and texts",
      summary: "The best label for each picture",
      description:
        "Labels are inserted into templates, or have prompts of their own; the score is a softmax over all of them, or " +
        "independent with `multi_label`. Either `labels` or `label_set` is needed.",
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
        "Cosine, logit, and the softmax over the texts. Stored vectors may take the place of both.",
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
  "/v2/rerank": {
    post: operation({
      id: "cohereRerank",
      tag: "Other APIs",
      summary: "Cohere's rerank, version 2",
      description: "The same as `/v1/rerank`, which Cohere's clients of version 1 use.",
      request: rerankRequestSchema,
      answers: { "200": ["The most similar first", responses.rerankResponseSchema] },
    }),
  },
  "/v2/embed": {
    post: operation({
      id: "cohereEmbed",
      tag: "Other APIs",
      summary: "Cohere's embed, version 2",
      description: "One of `texts`, `images` and `inputs` is needed.",
      request: cohereEmbedRequestSchema,
      answers: { "200": ["A vector for each input, by type", compatible.cohereEmbedResponseSchema] },
    }),
  },
  "/hf/zero-shot-image-classification": {
    post: operation({
      id: "zeroShotImageClassification",
      tag: "Other APIs",
      summary: "Hugging Face's zero-shot image classification",
      description:
        "For `endpointUrl` of `@huggingface/inference`. The default template is Hugging Face's, not that of `/v1/classify`.",
      request: zeroShotRequestSchema,
      answers: { "200": ["All labels, the best first", compatible.zeroShotResponseSchema] },
    }),
  },
  "/hf/feature-extraction": {
    post: operation({
      id: "featureExtraction",
      tag: "Other APIs",
      summary: "Hugging Face's feature extraction",
      description: "For `endpointUrl` of `@huggingface/inference`. Inputs may also be image objects.",
      request: featureExtractionRequestSchema,
      answers: {
        "200": [
          "A vector for a single input, else a list of vectors",
          compatible.featureExtractionResponseSchema,
        ],
      },
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
        "model they are computed when the set is posted, or used in a classification, with that model. With `name`, the " +
        "name leads to this set as soon as it is computed for `model`, and until then to the set that it led to before; a set that " +
        "exists is named by storing it again. An isolate may know a name's former set for 5 seconds; each answer is from " +
        "one set and says its id.",
      request: labelSetRequestSchema,
      answers: {
        "200": ["The set already existed", responses.labelSetSchema],
        "201": ["The set is new and ready", responses.labelSetSchema],
        "202": ["The set is being computed in the background", responses.labelSetSchema],
      },
      idFor: ["getLabelSet", "deleteLabelSet"],
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
      path: setPath,
      query: labelSetQuerySchema,
      answers: { "200": ["The set", responses.labelSetDetailSchema] },
    }),
    delete: operation({
      id: "deleteLabelSet",
      tag: "Label sets",
      summary: "Remove a label set",
      description: "Effective everywhere within 60 seconds. The set's names go with it.",
      path: setPath,
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
      summary: "Answer the requests in a file within 24 hours",
      description:
        "OpenAI's endpoint. Each line of the file is a request: `custom_id`, `method`, `url` and `body`. Lines are not " +
        "counted by the rate limit. A batch has at most 50,000 lines, 50,000 inputs of embeddings and 50,000 pictures.",
      request: batchRequestSchema,
      answers: { "200": ["The batch", responses.batchSchema] },
      idFor: ["getBatch", "cancelBatch"],
    }),
    get: operation({
      id: "listBatches",
      tag: "Batches",
      summary: "The account's batches",
      description: "OpenAI's endpoint. The newest first; a batch is kept for 30 days once it is over.",
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
      answers: { "200": ["The batch", responses.batchSchema], "409": ["It is over", responses.errorSchema] },
    }),
  },
  "/v1/models": {
    get: operation({
      id: "listModels",
      tag: "Models",
      summary: "The deployment's models",
      description: "OpenAI's list, with more fields. The first model is the default.",
      answers: { "200": ["All models", responses.modelListSchema] },
    }),
  },
  "/v1/models/{id}": {
    get: operation({
      id: "getModel",
      tag: "Models",
      summary: "One model, by id or alias",
      description: "The slash in an id may be sent as it is or as `%2F`; the alias has none.",
      path: idPath("listModels"),
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
  "/v1/operator/report": {
    get: operation({
      id: "operatorReport",
      tag: "Operation",
      summary: "What the platform does: one part in each request",
      description:
        "For operator keys; `npm run doctor` asks for all parts and says what they mean. It counts what accounts have, and " +
        "names nothing of it.",
      query: operatorReportQuerySchema,
      answers: { "200": ["The part that was asked for", operatorReportSchema] },
    }),
  },
  "/healthz": {
    get: operation({
      id: "healthz",
      tag: "Health",
      summary: "Whether the gateway runs",
      description: "Reaches nothing else; see `/readyz`.",
      answers: { "200": ["It does", responses.healthSchema] },
    }),
  },
  "/readyz": {
    get: operation({
      id: "readyz",
      tag: "Health",
      summary: "Whether the gateway reaches the stores that it needs",
      description: "`checks` names each. It calls no tower, and so costs little.",
      answers: {
        "200": ["It does", responses.healthSchema],
        "503": ["It does not reach at least one of them", responses.healthSchema],
      },
    }),
  },
};

/**
 * @param server base URL of all paths
 * @param model the default model's alias, for an example
 */
export function openApiDocument(server: string, model: string | undefined): object {
  const document = createDocument({
    openapi: "3.1.1",
    info: {
      title: "edgeclip",
      version: VERSION,
      description: "Zero-shot image classification and image-text retrieval with OpenCLIP models.",
      contact: { name: "Whoever runs this deployment" },
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: server }],
    security: [{ key: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key. A local service needs none." },
      },
    },
    paths,
  });
  const [parameter] = document.paths?.["/v1/models/{id}"]?.get?.parameters ?? [];
  if (parameter !== undefined && model !== undefined) Object.assign(parameter, { example: model });
  const described: Described = document as object;
  describeForms(described);
  describeAliases(described);
  acceptNulls(described);
  withoutSafeBounds(document);
  return document;
}

/** Zod limits every integer to those that a double holds exactly. That is not a limit of the API. */
function withoutSafeBounds(value: object): void {
  for (const each of Object.values(value)) {
    if (typeof each === "object" && each !== null) withoutSafeBounds(each);
  }
  const { minimum, maximum } = value as { minimum?: number; maximum?: number };
  if (minimum === Number.MIN_SAFE_INTEGER) Reflect.deleteProperty(value, "minimum");
  if (maximum === Number.MAX_SAFE_INTEGER) Reflect.deleteProperty(value, "maximum");
}
