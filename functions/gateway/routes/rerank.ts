/**
 * `POST /v1/rerank` and `/v2/rerank`: sort documents by similarity to a query. Each is a text, a picture or a ready
 * vector. Both answer what Cohere's clients of that version read.
 */
import { type Context, Hono } from "hono";
import { holdVectors, wantedBy } from "./request/embedding-context.ts";
import { embedItems } from "../embed/embed-items.ts";
import { readFields, requestPictures } from "./request/fields-and-pictures.ts";
import { reportUsage } from "./answer/report-usage.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { LIFTED } from "../../json/lift-strings.ts";
import { missing } from "../../runtime/missing.ts";
import { randomId } from "../random-id.ts";
import { requestedModel } from "./request/requested-model.ts";
import { rerankRequestSchema } from "../schemas/rerank-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { cosineOfUnit } from "../../runtime/cosine-of-unit.ts";
import { cohereMeta, type CohereVersion } from "./answer/cohere-meta.ts";
import { answeredBy } from "./answer/inference-response.ts";
import { answerTexts, SCORE_BYTES, streamTexts } from "./answer/stream-rows.ts";

export const rerank = new Hono<GatewayEnv>()
  .post("/v1/rerank", (c) => ranked(c, "1"))
  .post("/v2/rerank", (c) => ranked(c, "2"));

async function ranked(c: Context<GatewayEnv>, version: CohereVersion): Promise<Response> {
  const fields = await readFields(c);
  const {
    model,
    query,
    documents,
    top_n: topN,
    return_documents: returned,
  } = await validate(rerankRequestSchema, fields, wantedBy(c));
  const manifest = await requestedModel(c, model);
  await holdVectors(c, manifest, [query, ...documents]);
  const { vectors, usage } = await embedItems([query, ...documents], requestPictures(c, manifest), paramOf);
  const [asked, ...candidates] = vectors;
  if (asked === undefined) throw new Error("the query was not embedded");
  const results = candidates
    .map(({ embedding, truncated }, index) => ({
      index,
      relevance_score: cosineOfUnit(asked.embedding, embedding),
      truncated,
    }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
    .slice(0, topN ?? candidates.length);
  const answer = {
    id: randomId("rr"),
    ...answeredBy(c, manifest),
    results: [],
    usage: reportUsage(c, usage),
    meta: cohereMeta(version, usage),
  };
  // Cohere's documents may have other fields beside their text, which clients want back.
  const sent = fields["documents"] as readonly unknown[];
  const rowOf = (at: number): object => {
    const result = results[at] ?? missing("a document was not ranked");
    return returned ? { ...result, document: shown(sent[result.index]) } : result;
  };
  const texts = answerTexts(JSON.stringify(answer), results.length, { results: rowOf });
  return await streamTexts(c, texts, results.length * SCORE_BYTES);
}

/** The document as the answer shows it: an object as it was sent. */
function shown(document: unknown): unknown {
  return typeof document === "string" ? { text: document } : withoutLifted(document);
}

/** Null stands for what was lifted out of the request. A body has at most 100 levels. */
function withoutLifted(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith(LIFTED) ? null : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutLifted);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutLifted(field)]));
}

/** The path of an item. The query is the first item. */
function paramOf(index: number): string {
  return index === 0 ? "query" : `documents[${index - 1}]`;
}
