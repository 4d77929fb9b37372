/** The endpoints of the API that retrieval uses. */
import * as z from "zod";
import {
  askPatiently,
  expectService,
  type Service,
  type ServiceRequest,
} from "../service/patient-request.ts";
import { RefusedRequest } from "../service/refused-request.ts";

const embeddingsSchema = z.object({
  data: z.array(
    z.object({
      embedding: z.array(z.number()),
      error: z.object({ message: z.string() }).optional(),
    }),
  ),
});
const rerankSchema = z.object({
  results: z.array(z.object({ index: z.number().int(), relevance_score: z.number() })),
});

/** A text, or a picture as a data URI or URL. */
export type Item = string | { image: string };

/** A vector of unit length, or why a picture has none. */
export type Embedded = { vector: number[] } | { refusal: string };

export class EdgeclipClient {
  readonly #service: Service;
  #isReached = false;

  constructor(service: Service) {
    this.#service = service;
  }

  async embed(items: readonly Item[]): Promise<Embedded[]> {
    const body = { input: items, encoding_format: "float", on_error: "report" };
    const { data } = embeddingsSchema.parse(await this.post("embeddings", body));
    return data.map(({ embedding, error }) =>
      error === undefined ? { vector: embedding } : { refusal: error.message },
    );
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

  async #ask(endpoint: string, request: ServiceRequest): Promise<unknown> {
    if (!this.#isReached) {
      await expectService(this.#service);
      this.#isReached = true;
    }
    const response = await askPatiently(this.#service, `/v1/${endpoint}`, () => request);
    const text = await response.text();
    if (!response.ok) throw new RefusedRequest(endpoint, response.status, text);
    return JSON.parse(text);
  }
}
