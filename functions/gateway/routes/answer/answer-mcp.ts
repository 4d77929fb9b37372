/** The Model Context Protocol's server for one request: two tools, which refuse in words that an assistant reads. */
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import type { Context } from "hono";
import { fillTemplate } from "../../../label-sets/definition.ts";
import { ServiceError } from "../../../runtime/errors.ts";
import { embedItems } from "../../embed/embed-items.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import type { Item } from "../../schemas/item.ts";
import { classifyImageSchema, compareSchema } from "../../schemas/mcp-tools.ts";
import { scoreTexts, type TextScore } from "../../score/score-texts.ts";
import { answeredBy } from "./inference-response.ts";
import { reportUsage } from "./report-usage.ts";
import { holdVectors } from "../request/embedding-context.ts";
import { requestPictures } from "../request/fields-and-pictures.ts";
import { requestedModel } from "../request/requested-model.ts";

/** @param parsedBody the request's body */
export async function answerMcp(c: Context<GatewayEnv>, parsedBody: object): Promise<Response> {
  // Nothing here changes, so there is nothing to subscribe to.
  const handler = createMcpHandler(() => serverOf(c), { responseMode: "json", maxSubscriptions: 0 });
  try {
    const { status, headers, body } = await handler.fetch(c.req.raw, { parsedBody });
    // Wait for the end: what the request reserved is released once the answer is returned.
    const text = body === null ? null : await new Response(body).text();
    return new Response(text, { status, headers });
  } finally {
    await handler.close();
  }
}

function serverOf(c: Context<GatewayEnv>): McpServer {
  const server = new McpServer({ name: "edgeclip", version: "1" });
  server.registerTool(
    "classify_image",
    {
      title: "Classify a picture",
      description: "Says which of the labels fits a picture best. The scores of all labels add up to 1.",
      inputSchema: classifyImageSchema,
      annotations: { readOnlyHint: true },
    },
    async ({ image, labels, template, model }) =>
      await resultOf(async () => {
        const prompts = labels.map((label) => fillTemplate(template, label));
        const { scores, ...answer } = await compared(c, [image], prompts, model);
        const predictions = (scores[0] ?? [])
          .toSorted((a, b) => b.logit - a.logit)
          .map(({ index, probability, similarity }) => ({
            label: labels[index],
            score: probability,
            similarity,
          }));
        return { ...answer, prediction: predictions[0]?.label, predictions };
      }),
  );
  server.registerTool(
    "compare",
    {
      title: "Compare pictures with texts",
      description: "Gives the cosine similarity of every picture and every text.",
      inputSchema: compareSchema,
      annotations: { readOnlyHint: true },
    },
    async ({ images, texts, model }) =>
      await resultOf(async () => {
        const { scores, ...answer } = await compared(c, images, texts, model);
        return { ...answer, similarities: scores.map((row) => row.map(({ similarity }) => similarity)) };
      }),
  );
  return server;
}

interface Compared {
  model: string;
  revision: string;
  /** A row for each picture. */
  scores: TextScore[][];
}

async function compared(
  c: Context<GatewayEnv>,
  images: readonly string[],
  texts: readonly string[],
  model: string | undefined,
): Promise<Compared> {
  const manifest = await requestedModel(c, model);
  const items: Item[] = [...images.map((image) => ({ image })), ...texts.map((text) => ({ text }))];
  await holdVectors(c, manifest, items);
  const paramOf = (index: number): string =>
    index < images.length ? `images[${index}]` : `texts[${index - images.length}]`;
  const { vectors, usage } = await embedItems(items, requestPictures(c, manifest), paramOf);
  reportUsage(c, usage);
  const columns = vectors.slice(images.length).map((vector) => ({ text: null, vector }));
  const scale = Math.exp(manifest.logit_scale);
  const scores = vectors
    .slice(0, images.length)
    .map(({ embedding }) => scoreTexts(embedding, columns, scale));
  return { ...answeredBy(c, manifest), scores };
}

interface ToolResult {
  [other: string]: unknown;
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** A refusal is a result, too, so that the assistant reads what is wrong. */
async function resultOf(run: () => Promise<Record<string, unknown>>): Promise<ToolResult> {
  try {
    const result = await run();
    return { content: [{ type: "text", text: JSON.stringify(result) }], structuredContent: result };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { content: [{ type: "text", text: error.message }], isError: true };
  }
}
