/** The API's reference in OpenAPI 3.1, built from the schemas that validate requests. */
import { createDocument, type ZodOpenApiPathsObject } from "zod-openapi";
import { classifyRequestSchema } from "../schemas/classify-request.ts";
import { embeddingsRequestSchema } from "../schemas/embeddings-request.ts";
import { cohereEmbedRequestSchema } from "../schemas/cohere-embed-request.ts";
import {
  featureExtractionRequestSchema,
  huggingFaceQuerySchema,
  zeroShotRequestSchema,
} from "../schemas/hugging-face-request.ts";
import { rerankRequestSchema } from "../schemas/rerank-request.ts";
import { similarityRequestSchema } from "../schemas/similarity-request.ts";
import { VERSION } from "../version.ts";
import { acceptNulls } from "./accept-nulls.ts";
import { describeAliases } from "./aliases.ts";
import type { Described } from "./described.ts";
import { describeForms } from "./forms.ts";
import { filePaths } from "./file-paths.ts";
import { labelSetPaths } from "./label-set-paths.ts";
import { idPath, operation, TAGS } from "./operation.ts";
import { operatorPaths } from "./operator-paths.ts";
import { vectorStorePaths } from "./vector-store-paths.ts";
import * as compatible from "./compatible-responses.ts";
import * as responses from "./responses.ts";

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
      answers: {
        "200": ["A row for each picture", responses.classifyResponseSchema],
        "409": ["The examples of the request or of the label set are of another model", responses.errorSchema],
      },
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
      description: "Query and documents may each be texts, pictures or stored vectors.",
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
      query: huggingFaceQuerySchema,
      errors: "HuggingFace",
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
      query: huggingFaceQuerySchema,
      errors: "HuggingFace",
      answers: {
        "200": [
          "A vector for a single input, else a list of vectors",
          compatible.featureExtractionResponseSchema,
        ],
      },
    }),
  },
  ...labelSetPaths,
  ...filePaths,
  ...vectorStorePaths,
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
  ...operatorPaths,
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
      summary: "Whether the gateway reaches models, label sets, files and the cache of embeddings",
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
      contact: { name: "The operator of this deployment" },
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
