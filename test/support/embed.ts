/** Vectors of texts and pictures, from the service. */
import { post } from "./post.ts";

/**
 * @param url of the gateway
 * @param input texts, or objects with a picture
 * @param at inputs a request
 */
export async function embed(url: string, input: readonly unknown[], at: number): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let start = 0; start < input.length; start += at) {
    const { status, body } = await post(`${url}/v1/embeddings`, { input: input.slice(start, start + at) });
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    const rows = body.data as { embedding: number[] }[];
    vectors.push(...rows.map(({ embedding }) => Float32Array.from(embedding)));
  }
  return vectors;
}
