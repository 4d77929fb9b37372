/** The Model Context Protocol's server for one request: three tools, which refuse in words that an assistant reads. */
import { createMcpHandler, McpServer, type StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import type { Context } from "hono";
import type { ZodType } from "zod";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import { fillTemplate } from "../../../label-sets/definition.ts";
import { utf8Pieces } from "../../../json/utf8-pieces.ts";
import { warn } from "../../../runtime/warn.ts";
import { embedItems } from "../../embed/embed-items.ts";
import type { ImageReference } from "../../schemas/fields/image.ts";
import { refusal } from "../../middleware/error-response.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import type { Item } from "../../schemas/fields/item.ts";
import { refuseDeepFilters } from "../../schemas/fields/filter.ts";
import { classifyImageSchema, compareSchema, searchPicturesSchema } from "../../schemas/mcp-tools.ts";
import { validate } from "../../schemas/fields/validate.ts";
import { scoreTexts, type TextScore } from "../../score/score-texts.ts";
import { searchStore } from "../../stores/search-store.ts";
import { answeredBy } from "./inference-response.ts";
import { VERSION } from "../../version.ts";
import { reportUsage } from "./report-usage.ts";
import { SCORE_BYTES, streamPieces } from "./stream-rows.ts";
import { holdVectors, wantedBy } from "../request/embedding-context.ts";
import { requestPictures } from "../request/fields-and-pictures.ts";
import { requestedModel } from "../request/requested-model.ts";
import { requestedStore } from "../request/requested-store.ts";

/**
 * Labels or texts for each picture in an answer's text, which assistants read. Their programs read all scores in the
 * structured content; a text that repeats them would be thousands of numbers in an assistant's context.
 */
const SHOWN = 5;
/** Decimals of a score in the text. */
const SHOWN_DECIMALS = 4;
/**
 * Forms in which an answer is in memory at once: objects, the SDK's copy of them, JSON that may be in another JSON, and
 * the bytes that are sent.
 */
const ANSWER_COPIES = 4;
/** Most bytes of a UTF-16 code unit in memory. */
const WIDE = 2;

/** @param parsedBody the request's body */
export async function answerMcp(c: Context<GatewayEnv>, parsedBody: object): Promise<Response> {
  const handler = createMcpHandler(() => serverOf(c), {
    // Nothing here changes, so there is nothing to subscribe to.
    maxSubscriptions: 0,
    onerror: (error) => warn("an MCP request was refused", error),
  });
  try {
    const { status, headers, body } = await handler.fetch(c.req.raw, { parsedBody });
    if (body === null) return new Response(null, { status, headers });
    const text = await new Response(body).text();
    // The copies that it was made of are not needed any more.
    c.get("share")?.complete(WIDE * text.length);
    return await streamPieces(c, utf8Pieces([text]), 0, { status, headers });
  } finally {
    await handler.close();
  }
}

function serverOf(c: Context<GatewayEnv>): McpServer {
  const server = new McpServer({ name: "edgeclip", version: VERSION });
  server.registerTool(
    "classify_image",
    {
      title: "Classify a picture",
      description:
        "Says which of the labels fits a picture best. The scores of all labels add up to 1. The text has the best " +
        `${SHOWN} labels, the structured content all of them.`,
      inputSchema: unchecked(classifyImageSchema),
      annotations: { readOnlyHint: true },
    },
    async (given) =>
      await resultOf(c, async () => {
        const { image, labels, template, model } = await validate(classifyImageSchema, given, wantedBy(c));
        const manifest = await requestedModel(c, model);
        await growForAnswer(c, 1, labels, template.length);
        const prompts = labels.map((label) => fillTemplate(template, label));
        const { scores, ...answer } = await compared(c, manifest, [image], prompts, classifyParam);
        const predictions = (scores[0] ?? [])
          .toSorted((a, b) => b.logit - a.logit)
          .map(({ index, probability, similarity }) => ({
            label: labels[index],
            score: probability,
            similarity,
          }));
        const whole = { ...answer, prediction: predictions[0]?.label, predictions };
        return { whole, shown: { ...whole, predictions: predictions.slice(0, SHOWN) } };
      }),
  );
  server.registerTool(
    "compare",
    {
      title: "Compare pictures with texts",
      description:
        "Gives the cosine similarity of every picture and every text. The text has the most similar " +
        `${SHOWN} texts of each picture, the structured content all numbers.`,
      inputSchema: unchecked(compareSchema),
      annotations: { readOnlyHint: true },
    },
    async (given) =>
      await resultOf(c, async () => {
        const { images, texts, model } = await validate(compareSchema, given, wantedBy(c));
        const manifest = await requestedModel(c, model);
        await growForAnswer(c, images.length, texts);
        const paramOf = (index: number): string =>
          index < images.length ? `images[${index}]` : `texts[${index - images.length}]`;
        const { scores, ...answer } = await compared(c, manifest, images, texts, paramOf);
        const whole = {
          ...answer,
          similarities: scores.map((row) => row.map(({ similarity }) => similarity)),
        };
        const best = scores.map((row) => mostSimilar(row, texts));
        const { model: name, revision } = answer;
        return { whole, shown: { model: name, revision, most_similar: best } };
      }),
  );
  server.registerTool(
    "search_pictures",
    {
      title: "Search pictures",
      description:
        "Finds the pictures of a vector store that are nearest to words or to a picture, the nearest first. Of words, " +
        "0.3 is a high score. A picture's file_id can be the image of the other tools.",
      inputSchema: unchecked(searchPicturesSchema),
      annotations: { readOnlyHint: true },
    },
    async (given) =>
      await resultOf(c, async () => {
        refuseDeepFilters((given as { filters?: unknown } | undefined)?.filters);
        const request = await validate(searchPicturesSchema, given, wantedBy(c));
        const { query, image, filters, max_num_results } = request;
        const store = await requestedStore(c, request.vector_store_id);
        const items: Item[] = image === undefined ? [{ text: query ?? "" }] : [{ image }];
        const param = image === undefined ? "query" : "image";
        const pictures = requestPictures(c, store.manifest);
        const search = { items, filters, max_num_results };
        const { matches, hasMore, usage, ...searched } = await searchStore(
          store,
          pictures,
          search,
          () => param,
        );
        c.set("searched", searched);
        const whole = {
          ...answeredBy(c, store.manifest),
          usage: reportUsage(c, usage),
          results: matches.map(({ picture: { fileId, filename, attributes }, score }) => ({
            file_id: fileId,
            filename,
            score,
            attributes,
          })),
          has_more: hasMore,
        };
        return { whole, shown: whole };
      }),
  );
  return server;
}

/** A picture's row in the text of a comparison. */
function mostSimilar(row: readonly TextScore[], texts: readonly string[]): object[] {
  return row
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, SHOWN)
    .map(({ index, similarity }) => ({
      text: texts[index],
      similarity: Number(similarity.toFixed(SHOWN_DECIMALS)),
    }));
}

/** The path of an item. The picture is the first item. */
function classifyParam(index: number): string {
  return index === 0 ? "image" : `labels[${index - 1}]`;
}

/** The schema for the tool's description. The arguments are checked by `validate`, as in every other request. */
function unchecked(schema: ZodType): StandardSchemaWithJSON<unknown, unknown> {
  const { vendor, version, jsonSchema } = schema["~standard"];
  return { "~standard": { vendor, version, jsonSchema, validate: (value) => ({ value }) } };
}

/**
 * Waits for room for the prompts and the answer before they are made.
 * @param template characters that each prompt has beyond its label
 * @throws ServiceError `overloaded`
 */
async function growForAnswer(
  c: Context<GatewayEnv>,
  pictures: number,
  texts: readonly string[],
  template = 0,
): Promise<void> {
  const share = c.get("share");
  if (share === undefined) return;
  const scores = pictures * texts.length * SCORE_BYTES;
  const characters = texts.reduce((sum, text) => sum + template + JSON.stringify(text).length, 0);
  await share.growBy(ANSWER_COPIES * (scores + 2 * characters));
}

interface Compared {
  model: string;
  revision: string;
  usage: object;
  /** A row for each picture. */
  scores: TextScore[][];
}

async function compared(
  c: Context<GatewayEnv>,
  manifest: Manifest,
  images: readonly ImageReference[],
  texts: readonly string[],
  paramOf: (index: number) => string,
): Promise<Compared> {
  const items: Item[] = [...images.map((image) => ({ image })), ...texts.map((text) => ({ text }))];
  await holdVectors(c, manifest, items);
  const { vectors, usage } = await embedItems(items, requestPictures(c, manifest), paramOf);
  const columns = vectors.slice(images.length).map((vector) => ({ text: null, vector }));
  const scale = Math.exp(manifest.logit_scale);
  const scores = vectors
    .slice(0, images.length)
    .map(({ embedding }) => scoreTexts(embedding, columns, scale));
  return { ...answeredBy(c, manifest), usage: reportUsage(c, usage), scores };
}

interface ToolResult {
  [other: string]: unknown;
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

interface ToolAnswer {
  whole: Record<string, unknown>;
  /** For assistants that read only text. */
  shown: object;
}

/** A refusal is a result, too, so that the assistant reads what is wrong. */
async function resultOf(c: Context<GatewayEnv>, run: () => Promise<ToolAnswer>): Promise<ToolResult> {
  try {
    const { whole, shown } = await run();
    return { content: [{ type: "text", text: JSON.stringify(shown) }], structuredContent: whole };
  } catch (error) {
    const { message } = refusal(error instanceof Error ? error : new Error(String(error)), c);
    return { content: [{ type: "text", text: message }], isError: true };
  }
}
