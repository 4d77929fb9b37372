/**
 * Scores one picture against a set of labels. The softmax covers the whole set before anything is filtered, so a
 * threshold or `top_k` never changes a score.
 */
import { cosinesWithRows } from "./cosine-of-unit.ts";
import { logMeanExp, sigmoid, softmax } from "./softmax.ts";
import { topIndices } from "./top-indices.ts";

export interface ScoredLabel {
  label: string;
  score: number;
  similarity: number;
  logit: number;
  /** One of its prompts is longer than the model's context. */
  truncated: boolean;
}

export interface Ranking {
  prediction: string | null;
  score: number | null;
  predictions: ScoredLabel[];
}

export interface RankOptions {
  /** `exp(logit_scale)`: a logit is the cosine times this. */
  scale: number;
  topK: number;
  /** Independent scores, `sigmoid(logit − logmeanexp(negative logits))`, instead of a softmax. Uncalibrated. */
  multiLabel: boolean;
  /** Threshold for labels that have none of their own. */
  minSimilarity: number | null;
}

export interface RankedLabels {
  labels: { at(index: number): string | undefined };
  /**
   * Each label's threshold: the label is left out if its cosine is lower. Labels beyond the end of this list have none.
   */
  minSimilarity: readonly (number | null)[];
  /** float32, labels × width, rows of unit length. */
  vectors: Float32Array;
  /** Indices of the labels with a prompt that was cut to the model's context. */
  truncated: ReadonlySet<number>;
  /** float32, negatives × width: embeddings of texts that describe pictures without any of the labels. */
  negative: Float32Array;
}

/** @param image unit-length embedding */
export function rankLabels(
  image: Float32Array,
  { labels, minSimilarity, vectors, negative, truncated }: RankedLabels,
  options: RankOptions,
): Ranking {
  const { scale, topK, multiLabel } = options;
  const similarities = cosinesWithRows(image, vectors);
  const logits = similarities.map((similarity) => scale * similarity);
  const scores = multiLabel
    ? independentScores(
        logits,
        [...cosinesWithRows(image, negative)].map((cosine) => scale * cosine),
      )
    : softmax(logits);
  const passing: number[] = [];
  for (const [index, similarity] of similarities.entries()) {
    const threshold = minSimilarity[index] ?? options.minSimilarity ?? -1;
    if (similarity >= threshold) passing.push(index);
  }
  // Sort by logit, not by score: a score grows with its logit, and logits still differ where scores have rounded to the
  // same value.
  const predictions = topIndices(passing, logits, topK).map((index) => ({
    label: labels.at(index) ?? "",
    score: scores[index] ?? 0,
    similarity: similarities[index] ?? 0,
    logit: logits[index] ?? 0,
    truncated: truncated.has(index),
  }));
  const [best] = predictions;
  return { prediction: best?.label ?? null, score: best?.score ?? null, predictions };
}

function independentScores(logits: Float64Array, negativeLogits: readonly number[]): Float64Array {
  const baseline = logMeanExp(negativeLogits);
  return logits.map((logit) => sigmoid(logit - baseline));
}
