/** The endpoints of the API that retrieval uses. */
import * as z from "zod";
import { askPatiently, type Service } from "../service/patient-request.ts";

const embeddingsSchema = z.object({ data: z.array(z.object({ embedding: z.array(z.number()) })) });
const rerankSchema = z.object({
  results: z.array(z.object({ index: z.number().int(), relevance_score: z.number() })),
});

/** A text, or a picture as a data URI or URL. */
export type Item = string | { image: string };

export class EdgeclipClient {
  readonly #service: Service;
  #isReached = false;

  constructor(url: string, key: string | undefined) {
    this.#service = { url, key };
  }

  /** @returns a vector of unit length for each item */
  async embed(items: readonly Item[]): Promise<number[][]> {
    const body = { input: items, encoding_format: "float" };
    const { data } = embeddingsSchema.parse(await this.post("embeddings", body));
    return data.map(({ embedding }) => embedding);
  }

  /** @returns exact cosines of stored vectors to a text or picture, with the vectors' indices, the best first */
  async rerank(query: Item, vectors: readonly number[][]): Promise<{ index: number; score: number }[]> {
    const body = { query, documents: vectors.map((embedding) => ({ embedding })) };
    const { results } = rerankSchema.parse(await this.post("rerank", body));
    return results.map(({ index, relevance_score: score }) => ({ index, score }));
  }

  /** @param body an object for JSON, or a form */
  async post(endpoint: string, body: object): Promise<unknown> {
    const sent =
      body instanceof FormData ? body : new Blob([JSON.stringify(body)], { type: "application/json" });
    return await this.#ask(endpoint, { method: "POST", body: sent });
  }

  async get(endpoint: string): Promise<unknown> {
    return await this.#ask(endpoint, { method: "GET" });
  }

  async delete(endpoint: string): Promise<unknown> {
    return await this.#ask(endpoint, { method: "DELETE" });
  }

  async #ask(endpoint: string, request: RequestInit): Promise<unknown> {
    if (!this.#isReached) {
      // What is not there at all is said at once, not after many tries.
      await (await fetch(`${this.#service.url}/healthz`)).body?.cancel();
      this.#isReached = true;
    }
    const response = await askPatiently(this.#service, `/v1/${endpoint}`, () => request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${endpoint} answers ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}
