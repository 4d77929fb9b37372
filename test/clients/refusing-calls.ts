/**
 * One call of each client that can be refused, as a module `call.mjs`: `call({ url, key, model, text })`, without the
 * client's own retries.
 */
export interface RefusingCall {
  /** The packages, as the heading in `docs/clients.md` has them. */
  packages: string[];
  /** Tells two calls of a package apart. */
  what?: string;
  module: string;
  /** Where a program finds the HTTP status in what is thrown. */
  status: string;
  /** Refusals that it does not throw, but returns as an answer in words. */
  returned?: number[];
  /** Where the words are; `message` unless something else is said for a status. */
  words?: Record<number, string>;
}

export const REFUSING_CALLS: RefusingCall[] = [
  {
    packages: ["openai"],
    status: "status",
    module: `import OpenAI from "openai";
export const call = ({ url, key, model, text }) =>
  new OpenAI({ baseURL: url + "/v1", apiKey: key, maxRetries: 0 }).embeddings.create({ model, input: text });`,
  },
  {
    packages: ["ai", "@ai-sdk/openai-compatible"],
    status: "statusCode",
    module: `import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embed } from "ai";
export const call = ({ url, key, model, text }) =>
  embed({
    model: createOpenAICompatible({ name: "edgeclip", baseURL: url + "/v1", apiKey: key }).embeddingModel(model),
    value: text,
    maxRetries: 0,
  });`,
  },
  {
    packages: ["ai", "@ai-sdk/cohere"],
    status: "statusCode",
    module: `import { createCohere } from "@ai-sdk/cohere";
import { rerank } from "ai";
export const call = ({ url, key, model, text }) =>
  rerank({
    model: createCohere({ baseURL: url + "/v2", apiKey: key }).reranking(model),
    query: text,
    documents: ["a bus"],
    maxRetries: 0,
  });`,
  },
  {
    packages: ["cohere-ai"],
    what: "v2",
    status: "statusCode",
    module: `import { CohereClientV2 } from "cohere-ai";
export const call = ({ url, key, model, text }) =>
  new CohereClientV2({ environment: url, token: key }).rerank(
    { model, query: text, documents: ["a bus"] },
    { maxRetries: 0 },
  );`,
  },
  {
    packages: ["cohere-ai"],
    what: "v1",
    status: "statusCode",
    module: `import { CohereClient } from "cohere-ai";
export const call = ({ url, key, model, text }) =>
  new CohereClient({ environment: url, token: key }).rerank(
    { model, query: text, documents: ["a bus"] },
    { maxRetries: 0 },
  );`,
  },
  {
    packages: ["@huggingface/inference"],
    status: "httpResponse.status",
    module: `import { featureExtraction } from "@huggingface/inference";
export const call = ({ url, key, model, text }) =>
  featureExtraction(
    { endpointUrl: url + "/hf/feature-extraction?model=" + model, accessToken: key, inputs: text },
    { retry_on_error: false },
  );`,
  },
  {
    packages: ["@langchain/openai"],
    status: "status",
    module: `import { OpenAIEmbeddings } from "@langchain/openai";
export const call = ({ url, key, model, text }) =>
  new OpenAIEmbeddings({ model, apiKey: key, maxRetries: 0, configuration: { baseURL: url + "/v1" } }).embedQuery(text);`,
  },
  {
    packages: ["@llamaindex/openai"],
    status: "status",
    module: `import { OpenAIEmbedding } from "@llamaindex/openai";
export const call = ({ url, key, model, text }) =>
  new OpenAIEmbedding({ model, apiKey: key, maxRetries: 0, baseURL: url + "/v1" }).getTextEmbedding(text);`,
  },
  {
    packages: ["@chroma-core/openai"],
    status: "status",
    module: `import { OpenAIEmbeddingFunction } from "@chroma-core/openai";
export const call = ({ url, key, model, text }) => {
  const embed = new OpenAIEmbeddingFunction({ modelName: model, apiKey: key, apiBase: url + "/v1" });
  embed.client.maxRetries = 0;
  return embed.generate([text]);
};`,
  },
  {
    packages: ["@modelcontextprotocol/client"],
    status: "status",
    returned: [400, 404],
    // Before it knows the protocol's revision, the client's own message has only the status.
    words: { 401: "data.text", 503: "data.text" },
    module: `import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
export const call = async ({ url, key, model, text }) => {
  const client = new Client({ name: "example", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = { headers: { authorization: "Bearer " + key } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url + "/mcp"), { requestInit }));
  return await client.callTool({ name: "compare", arguments: { images: ["AAAA"], texts: [text], model } });
};`,
  },
];
