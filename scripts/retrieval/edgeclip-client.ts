/** The two endpoints of the API that retrieval uses. */
import * as z from "zod";

const embeddingsSchema = z.object({ data: z.array(z.object({ embedding: z.array(z.number()) })) });
const rerankSchema = z.object({
  results: z.array(z.object({ index: z.number().int(), relevance_score: z.number() })),
});

/** A text, or a picture as a data URI or URL. */
export type Item = string | { image: string };

export class EdgeclipClient {
  readonly #url: string;
  readonly #key: string | undefined;

  constructor(url: string, key: string | undefined) {
    this.#url = url;
    this.#key = key;
  }

  /** @returns a vector of unit length for each item */
  async embed(items: readonly Item[]): Promise<number[][]> {
    const body = { input: items, encoding_format: "float" };
    const { data } = embeddingsSchema.parse(await this.#post("embeddings", body));
    return data.map(({ embedding }) => embedding);
  }

  /** @returns exact cosines of stored vectors to a text or picture, with the vectors' indices, the best first */
  async rerank(query: Item, vectors: readonly number[][]): Promise<{ index: number; score: number }[]> {
    const body = { query, documents: vectors.map((embedding) => ({ embedding })) };
    const { results } = rerankSchema.parse(await this.#post("rerank", body));
    return results.map(({ index, relevance_score: score }) => ({ index, score }));
  }

  async #post(endpoint: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/v1/${endpoint}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${endpoint} answers ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}
