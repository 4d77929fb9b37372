/**
 * One picture against a set of labels: the scores as the API reports them. The softmax is over the whole set,
 * before anything is filtered, so that a threshold or `top_k` never changes a score.
 */
import { cosineOfUnit } from "./cosine-of-unit.ts";
import { logMeanExp, sigmoid, softmax } from "./softmax.ts";

export interface ScoredLabel {
  label: string;
  score: number;
  similarity: number;
  logit: number;
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
  /** Embeddings of what the picture shows if it shows none of the labels. */
  negative: readonly Float32Array[];
}

export interface LabelVector {
  label: string;
  embedding: Float32Array;
  /** Cosine below which the label is left out. */
  minSimilarity: number | null;
}

/** @param image unit-length embedding */
export function rankLabels(
  image: Float32Array,
  labels: readonly LabelVector[],
  options: RankOptions,
): Ranking {
  const { scale, topK, multiLabel, negative } = options;
  const similarities = labels.map(({ embedding }) => cosineOfUnit(image, embedding));
  const logits = similarities.map((similarity) => scale * similarity);
  const scores = multiLabel
    ? independentScores(
        logits,
        negative.map((embedding) => scale * cosineOfUnit(image, embedding)),
      )
    : softmax(logits);
  const predictions = labels
    .map(({ label, minSimilarity }, index) => ({
      label,
      score: scores[index] ?? 0,
      similarity: similarities[index] ?? 0,
      logit: logits[index] ?? 0,
      minSimilarity,
    }))
    .filter(({ similarity, minSimilarity }) => minSimilarity === null || similarity >= minSimilarity)
    // The logit decides between scores that have both rounded to 0 or 1.
    .toSorted((a, b) => b.score - a.score || b.logit - a.logit)
    .slice(0, topK)
    .map(({ label, score, similarity, logit }) => ({ label, score, similarity, logit }));
  const [best] = predictions;
  return { prediction: best?.label ?? null, score: best?.score ?? null, predictions };
}

function independentScores(logits: readonly number[], negativeLogits: readonly number[]): number[] {
  const baseline = logMeanExp(negativeLogits);
  return logits.map((logit) => sigmoid(logit - baseline));
}
