/**
 * One picture against a set of labels: the scores as the API reports them. The softmax is over the whole set,
 * before anything is filtered, so that a threshold or `top_k` never changes a score.
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
  /** `exp(logit_scale)`: a logit is this times the cosine. */
  scale: number;
  topK: number;
  /** Independent scores, `sigmoid(logit − logmeanexp(negative logits))`, instead of a softmax. Uncalibrated. */
  multiLabel: boolean;
  /** For labels that have none of their own. */
  minSimilarity: number | null;
}

export interface RankedLabels {
  labels: { at(index: number): string | undefined };
  /** Cosine below which a label is left out, by label; none where there are fewer. */
  minSimilarity: readonly (number | null)[];
  /** float32, labels × width, rows of unit length. */
  vectors: Float32Array;
  /** Indices of the labels of which a prompt was cut. */
  truncated: ReadonlySet<number>;
  /** float32, negatives × width: what the picture shows if it shows none of the labels. */
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
  // A score grows with its logit, which still differs where scores have rounded to the same.
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
