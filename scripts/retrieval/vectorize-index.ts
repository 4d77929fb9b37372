/**
 * Cloudflare Vectorize, through its HTTP API (version 2), for more pictures than a vector store has. Vectorize is
 * approximate, so more candidates than results are taken from it and reranked exactly.
 */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { cloudflareBaseUrl } from "../cloudflare/base-url.ts";
import { pictureType } from "../service/picture-files.ts";
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

  async add(files: readonly IndexedFile[], onRefused: OnRefused): Promise<void> {
    const read: { file: IndexedFile; item: Item }[] = [];
    const addRead = async (): Promise<void> => {
      const some = read.splice(0);
      const embedded = some.length === 0 ? [] : await this.#client.embed(some.map(({ item }) => item));
      const lines: string[] = [];
      for (const [at, { file }] of some.entries()) {
        const found = embedded[at];
        if (found === undefined) throw new Error("the service answered fewer pictures than were sent");
        if ("refusal" in found) onRefused(file, found.refusal);
        else lines.push(JSON.stringify({ id: file.id, values: found.vector }));
      }
      if (lines.length > 0) await this.#post("upsert", "application/x-ndjson", lines.join("\n"));
    };
    for (const file of files) {
      try {
        read.push({ file, item: await pictureItem(file.path) });
      } catch (error) {
        onRefused(file, error instanceof Error ? error.message : String(error));
      }
      if (read.length === PICTURES_PER_REQUEST) await addRead();
    }
    await addRead();
  }

  async search(query: Query, count: number): Promise<Match[]> {
    const item = "text" in query ? query.text : await pictureItem(query.path);
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

async function pictureItem(path: string): Promise<Exclude<Item, string>> {
  const type = pictureType(path) ?? "image/png";
  return { image: `data:${type};base64,${(await readFile(path)).toString("base64")}` };
}
