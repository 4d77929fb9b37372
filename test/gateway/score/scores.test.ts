/** Properties that scores must have for any logits, labels and thresholds. */
import { describe, expect, it } from "vitest";
import { labelEmbedding } from "../../../functions/embed/label-embedding.ts";
import {
  type Ranking,
  rankLabels as rankMatrix,
  type RankOptions,
} from "../../../functions/gateway/score/rank-labels.ts";
import { scoreTexts } from "../../../functions/gateway/score/score-texts.ts";
import { topIndices } from "../../../functions/gateway/score/top-indices.ts";
import { logMeanExp, sigmoid, softmax } from "../../../functions/gateway/score/softmax.ts";
import { random, unitVector } from "../../support/random.ts";

const WIDTH = 16;
const SCALE = 100;
const SEEDS = Array.from({ length: 20 }, (_, seed) => [seed] as const);
/** Sums of up to a thousand float64 values near 1 lose a few units of 1e-16 each. */
const SUM_DIGITS = 12;

interface LabelVector {
  label: string;
  embedding: Float32Array;
  minSimilarity: number | null;
  truncated?: boolean;
}

/** The function under test takes its vectors in matrices. */
function rankLabels(
  image: Float32Array,
  labels: readonly LabelVector[],
  {
    negative,
    ...options
  }: Pick<RankOptions, "scale" | "topK" | "multiLabel"> & { negative: readonly Float32Array[] },
): Ranking {
  const matrix = {
    labels: labels.map(({ label }) => label),
    minSimilarity: labels.map(({ minSimilarity }) => minSimilarity),
    vectors: Float32Array.from(labels.flatMap(({ embedding }) => [...embedding])),
    negative: Float32Array.from(negative.flatMap((vector) => [...vector])),
    truncated: new Set(labels.flatMap(({ truncated }, index) => (truncated === true ? [index] : []))),
  };
  return rankMatrix(image, matrix, { ...options, minSimilarity: null, minScore: 0, rival: undefined });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("softmax", () => {
  it.each(SEEDS)("is a distribution in the order of its logits (seed %i)", (seed) => {
    const next = random(seed);
    const logits = Array.from({ length: 1 + Math.floor(next() * 1000) }, () => 200 * (next() - 0.5));
    const probabilities = [...softmax(logits)];
    expect(sum(probabilities)).toBeCloseTo(1, SUM_DIGITS);
    const byLogit = logits.map((_, i) => i).toSorted((a, b) => (logits[a] ?? 0) - (logits[b] ?? 0));
    const ordered = byLogit.map((i) => probabilities[i] ?? Number.NaN);
    expect(ordered.every((value, i) => value >= (ordered[i - 1] ?? 0))).toBe(true);
  });

  it("does not change when all logits shift", () => {
    const shifted = softmax([1e6 + 1, 1e6 + 2, 1e6 + 3]);
    for (const [i, value] of softmax([1, 2, 3]).entries()) expect(shifted[i]).toBeCloseTo(value, SUM_DIGITS);
  });

  it.each([
    ["huge", [1e300, 0], [1, 0]],
    ["hugely negative", [-1e300, -1e300], [0.5, 0.5]],
    ["one", [-1e5], [1]],
    ["none", [], []],
  ])("stands logits that are %s", (_, logits, expected) => {
    expect([...softmax(logits)]).toEqual(expected);
  });
});

describe("logMeanExp and sigmoid", () => {
  it("agree with their definitions where those can be computed", () => {
    expect(logMeanExp([0, 1, 2])).toBeCloseTo(Math.log((1 + Math.E + Math.E ** 2) / 3), SUM_DIGITS);
    expect(sigmoid(0.3)).toBeCloseTo(1 / (1 + Math.exp(-0.3)), SUM_DIGITS);
  });

  it("stand extremes", () => {
    expect(logMeanExp([1e5, 1e5])).toBe(1e5);
    expect(logMeanExp([-1e5, -1e5])).toBe(-1e5);
    expect([sigmoid(1e5), sigmoid(-1e5), sigmoid(0)]).toEqual([1, 0, 0.5]);
  });
});

describe("labelEmbedding", () => {
  it.each(SEEDS)("has unit length and the direction of its prompts' mean (seed %i)", (seed) => {
    const next = random(seed);
    const prompts = Array.from({ length: 2 + Math.floor(next() * 80) }, () => unitVector(WIDTH, next));
    const embedding = labelEmbedding(prompts);
    const mean = Array.from({ length: WIDTH }, (_, i) => sum(prompts.map((prompt) => prompt[i] ?? 0)));
    const norm = Math.hypot(...mean);
    // float32 sums of up to 82 unit vectors
    for (const [i, value] of mean.entries()) expect(embedding[i]).toBeCloseTo(value / norm, 5);
  });

  it("stays finite when the prompts cancel each other", () => {
    expect([...labelEmbedding([Float32Array.of(1, 0), Float32Array.of(-1, 0)])]).toEqual([0, 0]);
  });
});

const labelsOf = (next: () => number, count: number): LabelVector[] =>
  Array.from({ length: count }, (_, i) => ({
    label: `label ${i}`,
    embedding: unitVector(WIDTH, next),
    minSimilarity: null,
  }));

describe("rankLabels", () => {
  const OPTIONS = { scale: SCALE, topK: 1000, multiLabel: false, negative: [] };

  it.each(SEEDS)("sorts, and reports the best as its prediction (seed %i)", (seed) => {
    const next = random(seed);
    const image = unitVector(WIDTH, next);
    const labels = labelsOf(next, 1 + Math.floor(next() * 50));
    const { prediction, score, predictions } = rankLabels(image, labels, OPTIONS);
    expect(predictions).toHaveLength(labels.length);
    expect([prediction, score]).toEqual([predictions[0]?.label, predictions[0]?.score]);
    expect(predictions.map((each) => each.logit)).toEqual(
      predictions.map((each) => each.logit).toSorted((a, b) => b - a),
    );
    expect(sum(predictions.map((each) => each.score))).toBeCloseTo(1, SUM_DIGITS);
    for (const { similarity, logit } of predictions) {
      expect(Math.abs(similarity)).toBeLessThanOrEqual(1);
      expect(logit).toBe(SCALE * similarity);
    }
  });

  it.each(SEEDS)("never changes a score by leaving labels out (seed %i)", (seed) => {
    const next = random(seed);
    const image = unitVector(WIDTH, next);
    const labels = labelsOf(next, 30);
    const all = rankLabels(image, labels, OPTIONS).predictions;
    const threshold = next() - 0.5;
    const limited = labels.map((label) => ({ ...label, minSimilarity: threshold }));
    const some = rankLabels(image, limited, { ...OPTIONS, topK: 7 }).predictions;
    expect(some).toEqual(all.filter(({ similarity }) => similarity >= threshold).slice(0, 7));
  });

  it("predicts nothing when every label is below its threshold", () => {
    const labels = [{ label: "a", embedding: Float32Array.of(1, 0), minSimilarity: 0.5 }];
    expect(rankLabels(Float32Array.of(0, 1), labels, OPTIONS)).toEqual({
      prediction: null,
      score: null,
      predictions: [],
    });
  });

  it("keeps a label that is exactly at its threshold", () => {
    const labels = [{ label: "a", embedding: Float32Array.of(1, 0), minSimilarity: 1 }];
    expect(rankLabels(Float32Array.of(1, 0), labels, OPTIONS).prediction).toBe("a");
  });

  it("orders by the logit where scores have rounded to the same", () => {
    // At this scale the softmax of all but the first is 0.
    const labels = [0.1, 0.9, 0.5].map((x) => ({
      label: String(x),
      embedding: Float32Array.of(x, Math.sqrt(1 - x * x)),
      minSimilarity: null,
    }));
    const { predictions } = rankLabels(Float32Array.of(1, 0), labels, { ...OPTIONS, scale: 1e6 });
    expect(predictions.map(({ label }) => label)).toEqual(["0.9", "0.5", "0.1"]);
  });

  it.each(SEEDS)("scores labels independently of each other under multiLabel (seed %i)", (seed) => {
    const next = random(seed);
    const image = unitVector(WIDTH, next);
    const labels = labelsOf(next, 10);
    const options = { ...OPTIONS, scale: 5, multiLabel: true, negative: [unitVector(WIDTH, next)] };
    const together = rankLabels(image, labels, options).predictions;
    for (const label of labels) {
      const [alone] = rankLabels(image, [label], options).predictions;
      expect(together).toContainEqual(alone);
    }
  });

  it("reports the labels with a prompt that was cut", () => {
    const labels = [false, true].map((truncated, i) => ({
      label: String(i),
      embedding: Float32Array.of(1, 0),
      minSimilarity: null,
      truncated,
    }));
    const { predictions } = rankLabels(Float32Array.of(1, 0), labels, OPTIONS);
    expect(predictions.map(({ label, truncated }) => [label, truncated])).toEqual([
      ["0", false],
      ["1", true],
    ]);
  });

  it("gives a label that is as near as the negative prompt one half", () => {
    const embedding = Float32Array.of(0, 1);
    const labels = [{ label: "a", embedding, minSimilarity: null }];
    const options = { ...OPTIONS, multiLabel: true, negative: [embedding, embedding] };
    expect(rankLabels(Float32Array.of(0, 1), labels, options).score).toBe(0.5);
  });
});

describe("topIndices", () => {
  it.each(SEEDS)("are the first of a stable sort (seed %i)", (seed) => {
    const next = random(seed);
    const values = Array.from({ length: 1 + Math.floor(next() * 300) }, () => Math.floor(next() * 40));
    const candidates = values.map((_, i) => i).filter(() => next() < 0.8);
    const count = 1 + Math.floor(next() * 20);
    const sorted = candidates.toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
    expect(topIndices(candidates, values, count)).toEqual(sorted.slice(0, count));
  });
});

describe("scoreTexts", () => {
  it("keeps the request's order, repeats repeated texts, reports texts that were cut", () => {
    const near = { text: "near", vector: { embedding: Float32Array.of(1, 0), truncated: false } };
    const far = { text: "far", vector: { embedding: Float32Array.of(0, 1), truncated: true } };
    const scores = scoreTexts(Float32Array.of(1, 0), [far, near, far], 1);
    expect(scores.map(({ index, text, truncated }) => [index, text, truncated])).toEqual([
      [0, "far", true],
      [1, "near", false],
      [2, "far", true],
    ]);
    expect(sum(scores.map(({ probability }) => probability))).toBeCloseTo(1, SUM_DIGITS);
    expect(scores[1]?.similarity).toBe(1);
  });

  it("keeps cosines within ±1 where float32 rounding does not", () => {
    // The float32 nearest to √⅙ is above it, so this vector is a little longer than 1.
    const embedding = new Float32Array(6).fill(Math.sqrt(1 / 6));
    const column = { text: "a", vector: { embedding, truncated: false } };
    expect(6 * (embedding[0] ?? 0) ** 2).toBeGreaterThan(1);
    expect(scoreTexts(embedding, [column], 1)[0]?.similarity).toBe(1);
  });
});
