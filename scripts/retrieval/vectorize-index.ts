/** Cloudflare Vectorize, through its HTTP API (version 2). */
import * as z from "zod";
import type { Match, StoredVector, VectorIndex } from "./vector-index.ts";
import { cloudflareBaseUrl } from "../cloudflare/base-url.ts";

const answerSchema = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ message: z.string() })).default([]),
  result: z.unknown(),
});
const matchesSchema = z.object({
  matches: z.array(z.object({ id: z.string(), score: z.number(), values: z.array(z.number()) })),
});

/** Vectorize's limit for queries that return values. */
const MAX_TOP_K = 20;

export class VectorizeIndex implements VectorIndex {
  readonly #url: string;
  readonly #token: string;

  /** @param name of an index with the model's width and the metric cosine */
  constructor(name: string, { account, token }: { account: string; token: string }) {
    this.#url = `${cloudflareBaseUrl()}/accounts/${account}/vectorize/v2/indexes/${name}`;
    this.#token = token;
  }

  async upsert(vectors: readonly StoredVector[]): Promise<void> {
    const lines = vectors.map((vector) => JSON.stringify(vector)).join("\n");
    await this.#post("upsert", "application/x-ndjson", lines);
  }

  async query(vector: readonly number[], topK: number): Promise<Match[]> {
    const body = JSON.stringify({ vector, topK: Math.min(topK, MAX_TOP_K), returnValues: true });
    return matchesSchema.parse(await this.#post("query", "application/json", body)).matches;
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
