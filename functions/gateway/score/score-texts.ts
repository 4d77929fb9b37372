/** One picture against a list of texts, in the order of the request. */
import { cosineOfUnit } from "./cosine-of-unit.ts";
import { softmax } from "./softmax.ts";

export interface TextScore {
  index: number;
  text: string;
  /** Cosine. */
  similarity: number;
  logit: number;
  /** Softmax over the request's texts. */
  probability: number;
  truncated: boolean;
}

interface TextVector {
  /** Unit length. */
  embedding: Float32Array;
  truncated: boolean;
}

/**
 * @param image unit-length embedding
 * @param scale `exp(logit_scale)`
 * @throws Error if a text has no vector
 */
export function scoreTexts(
  image: Float32Array,
  texts: readonly string[],
  vectors: ReadonlyMap<string, TextVector>,
  scale: number,
): TextScore[] {
  const scores = texts.map((text, index) => {
    const vector = vectors.get(text);
    if (vector === undefined) throw new Error("a text was not embedded");
    const similarity = cosineOfUnit(image, vector.embedding);
    return { index, text, similarity, logit: scale * similarity, truncated: vector.truncated };
  });
  const probabilities = softmax(scores.map(({ logit }) => logit));
  return scores.map((score, index) => ({ ...score, probability: probabilities[index] ?? 0 }));
}
