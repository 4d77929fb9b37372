/** Scores one picture against a list of texts, in the order of the request. */
import { cosineOfUnit } from "../../runtime/cosine-of-unit.ts";
import { softmax } from "./softmax.ts";

export interface TextScore {
  index: number;
  /** null for a vector that came with the request. */
  text: string | null;
  /** Cosine. */
  similarity: number;
  logit: number;
  /** Softmax over the request's texts. */
  probability: number;
  truncated: boolean;
}

/** A text or vector that a picture is compared with. */
export interface Column {
  text: string | null;
  /** Unit length. */
  vector: { embedding: Float32Array; truncated: boolean } | undefined;
}

/**
 * @param image unit-length embedding
 * @param scale `exp(logit_scale)`
 * @throws Error if a column has no vector
 */
export function scoreTexts(image: Float32Array, columns: readonly Column[], scale: number): TextScore[] {
  const scores = columns.map(({ text, vector }, index) => {
    if (vector === undefined) throw new Error("a text was not embedded");
    const similarity = cosineOfUnit(image, vector.embedding);
    return { index, text, similarity, logit: scale * similarity, truncated: vector.truncated };
  });
  const probabilities = softmax(scores.map(({ logit }) => logit));
  return scores.map((score, index) => ({ ...score, probability: probabilities[index] ?? 0 }));
}
