/**
 * Cloudflare Vectorize, through its HTTP API (version 2), for more pictures than a vector store has. Vectorize is
 * approximate, so more candidates than results are taken from it and reranked exactly.
 */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { cloudflareBaseUrl } from "../cloudflare/base-url.ts";
import { pictureType } from "../service/picture-files.ts";
import type { EdgeclipClient, Item } from "./edgeclip-client.ts";
import type { IndexedFile, Match, PictureIndex, Query } from "./picture-index.ts";

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

/** The API's limit. */
const PICTURES_PER_REQUEST = 16;
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

  async add(files: readonly IndexedFile[]): Promise<void> {
    for (let start = 0; start < files.length; start += PICTURES_PER_REQUEST) {
      const some = files.slice(start, start + PICTURES_PER_REQUEST);
      const vectors = await this.#client.embed(await Promise.all(some.map(({ path }) => pictureItem(path))));
      const lines = some.map(({ id }, at) => JSON.stringify({ id, values: vectors[at] }));
      await this.#post("upsert", "application/x-ndjson", lines.join("\n"));
    }
  }

  async search(query: Query, count: number): Promise<Match[]> {
    const item = "text" in query ? query.text : await pictureItem(query.path);
    const [vector] = await this.#client.embed([item]);
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

async function pictureItem(path: string): Promise<Exclude<Item, string>> {
  const type = pictureType(path) ?? "image/png";
  return { image: `data:${type};base64,${(await readFile(path)).toString("base64")}` };
}
