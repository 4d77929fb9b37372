/**
 * Cloudflare Vectorize, through its HTTP API (version 2), for more pictures than a vector store has. Vectorize is
 * approximate, so more candidates than results are taken from it and reranked exactly.
 */
import * as z from "zod";
import { cloudflareBaseUrl } from "../cloudflare/api-call.ts";
import { MAX_JSON_BYTES } from "../../functions/gateway/limits.ts";
import { pictureBlob } from "../service/picture-files.ts";
import { askedAbout } from "../service/picture-requests.ts";
import type { EdgeclipClient, Item } from "./edgeclip-client.ts";
import type { IndexedFile, Match, OnRefused, PictureIndex, Query } from "./picture-index.ts";

const answerSchema = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ message: z.string() })).default([]),
  result: z.unknown(),
});
const matchesSchema = z.object({
  matches: z.array(z.object({ id: z.string(), values: z.array(z.number()) })),
});

/** Vectorize's limit for queries that return values. */
const MAX_TOP_K = 20;

/** Vectorize's limit. */
const MAX_ID_BYTES = 64;
/** Bytes of the pictures of a request: base64 makes 4 of 3, and a little is left for what is around them. */
const MAX_PICTURE_BYTES = (MAX_JSON_BYTES / 4) * 3 - 100_000;
const CANDIDATES_PER_RESULT = 4;

export class VectorizeIndex implements PictureIndex {
  readonly #client: EdgeclipClient;
  readonly #url: string;
  readonly #token: string;

  /** @param name of an index with the model's width and the metric cosine */
  constructor(client: EdgeclipClient, name: string, { account, token }: { account: string; token: string }) {
    this.#client = client;
    this.#url = `${cloudflareBaseUrl()}/accounts/${account}/vectorize/v2/indexes/${name}`;
    this.#token = token;
  }

  async add(files: readonly IndexedFile[], onRefused: OnRefused): Promise<void> {
    const short = files.filter((file) => {
      const isShort = Buffer.byteLength(file.id) <= MAX_ID_BYTES;
      if (!isShort) onRefused(file, `its path in the folder has more than ${MAX_ID_BYTES} bytes`);
      return isShort;
    });
    const requests = {
      bytes: MAX_PICTURE_BYTES,
      bytesOfFile: MAX_PICTURE_BYTES,
      send: async (pictures: readonly Blob[]) =>
        await this.#client.embed(await Promise.all(pictures.map(itemOf))),
    };
    for await (const some of askedAbout(short, requests, onRefused)) {
      const lines: string[] = [];
      for (const [file, found] of some) {
        if ("refusal" in found) onRefused(file, found.refusal);
        else lines.push(JSON.stringify({ id: file.id, values: found.vector }));
      }
      if (lines.length > 0) await this.#post("upsert", "application/x-ndjson", lines.join("\n"));
    }
  }

  async search(query: Query, count: number): Promise<Match[]> {
    const item =
      "text" in query ? query.text : await itemOf(await pictureBlob(query.path, MAX_PICTURE_BYTES));
    const [found] = await this.#client.embed([item]);
    if (found !== undefined && "refusal" in found) throw new Error(found.refusal);
    const vector = found?.vector;
    const topK = Math.min(count * CANDIDATES_PER_RESULT, MAX_TOP_K);
    const body = JSON.stringify({ vector, topK, returnValues: true });
    const { matches } = matchesSchema.parse(await this.#post("query", "application/json", body));
    if (matches.length === 0) return [];
    const ranked = await this.#client.rerank(
      item,
      matches.map(({ values }) => values),
    );
    return ranked.slice(0, count).map(({ index, score }) => ({ id: matches[index]?.id ?? "", score }));
  }

  async #post(operation: string, type: string, body: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/${operation}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": type },
      body,
    });
    const { success, errors, result } = answerSchema.parse(await response.json());
    if (success) return result;
    const reasons = errors.map(({ message }) => message).join("; ");
    throw new Error(`Vectorize: ${operation} answers ${response.status}: ${reasons}`);
  }
}

async function itemOf(picture: Blob): Promise<Exclude<Item, string>> {
  const base64 = Buffer.from(await picture.arrayBuffer()).toString("base64");
  return { image: `data:${picture.type};base64,${base64}` };
}
