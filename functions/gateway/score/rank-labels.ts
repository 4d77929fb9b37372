/**
 * Scores one picture against a set of labels. The softmax covers the whole set before anything is filtered, so a
 * threshold or `top_k` never changes a score.
 */
import { addExamples, type Examples } from "../../adapter/adapter.ts";
import { cosinesWithRows } from "../../runtime/cosine-of-unit.ts";
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
  /** null if no label passed, or if the rival won. */
  prediction: string | null;
  score: number | null;
  /** Probability that none of the labels fits; only with a rival. */
  none_score?: number;
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
  /** Labels with a lower score are left out. */
  minScore: number;
  /** Competes with the labels in the softmax. Not with `multiLabel`. */
  rival: Rival | undefined;
}

/** Prompts that together stand for "none of these labels": the log-mean-exp of their logits, plus a bias. */
export interface Rival {
  /** float32, prompts × width, rows of unit length. */
  vectors: Float32Array;
  /** In logits. */
  bias: number;
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
  /** Pictures of labels, which change their logits, but not their cosines. */
  examples?: Examples;
}

/** @param image unit-length embedding */
export function rankLabels(
  image: Float32Array,
  { labels, minSimilarity, vectors, negative, truncated, examples }: RankedLabels,
  options: RankOptions,
): Ranking {
  const { scale, topK, multiLabel, rival } = options;
  const logitsOf = (rows: Float32Array): number[] =>
    Array.from(cosinesWithRows(image, rows), (cosine) => scale * cosine);
  const similarities = cosinesWithRows(image, vectors);
  const logits = similarities.map((similarity) => scale * similarity);
  if (examples !== undefined) addExamples(logits, image, examples, scale, !multiLabel);
  const rivalLogit = rival && logMeanExp(logitsOf(rival.vectors)) + rival.bias;
  const scores = multiLabel
    ? independentScores(logits, logitsOf(negative))
    : softmax(rivalLogit === undefined ? logits : [...logits, rivalLogit]);
  const passing: number[] = [];
  for (const [index, similarity] of similarities.entries()) {
    const threshold = minSimilarity[index] ?? options.minSimilarity ?? -1;
    if (similarity >= threshold && (scores[index] ?? 0) >= options.minScore) passing.push(index);
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
  if (rivalLogit === undefined) {
    return { prediction: best?.label ?? null, score: best?.score ?? null, predictions };
  }
  const winner = best !== undefined && best.logit >= rivalLogit ? best : undefined;
  return {
    prediction: winner?.label ?? null,
    score: winner?.score ?? null,
    none_score: scores[logits.length] ?? 0,
    predictions,
  };
}

function independentScores(logits: Float64Array, negativeLogits: readonly number[]): Float64Array {
  const baseline = logMeanExp(negativeLogits);
  return logits.map((logit) => sigmoid(logit - baseline));
}
