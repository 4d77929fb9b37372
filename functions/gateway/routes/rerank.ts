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
import { FileReference } from "../images/file-reference.ts";
import { LIFTED } from "../../json/lift-strings.ts";
import { randomId } from "../random-id.ts";
import { requestedModel } from "./request/requested-model.ts";
import type { Item } from "../schemas/item.ts";
import { rerankRequestSchema } from "../schemas/rerank-request.ts";
import { validate } from "../schemas/validate.ts";
import { cosineOfUnit } from "../../runtime/cosine-of-unit.ts";
import { cohereMeta, type CohereVersion } from "./answer/cohere-meta.ts";
import { answeredBy } from "./answer/inference-response.ts";

export const rerank = new Hono<GatewayEnv>()
  .post("/v1/rerank", async (c) => c.json(await ranked(c, "1")))
  .post("/v2/rerank", async (c) => c.json(await ranked(c, "2")));

async function ranked(c: Context<GatewayEnv>, version: CohereVersion): Promise<object> {
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
      ...(returned ? { document: shown(documents[index]) } : {}),
    }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
    .slice(0, topN ?? candidates.length);
  return {
    id: randomId("rr"),
    ...answeredBy(c, manifest),
    results,
    usage: reportUsage(c, usage),
    meta: cohereMeta(version, usage),
  };
}

/** The document as the answer shows it, without a picture that was lifted out of the request. */
function shown(document: Item | undefined): object | undefined {
  if (document === undefined || !("image" in document)) return document;
  const { image } = document;
  if (image instanceof FileReference) return { file_id: image.id };
  return typeof image === "string" && image.startsWith(LIFTED) ? { image: null } : document;
}

/** The path of an item. The query is the first item. */
function paramOf(index: number): string {
  return index === 0 ? "query" : `documents[${index - 1}]`;
}
