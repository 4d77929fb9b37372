/** A picture's labels beside prompts for "none of them", below a least score, and with examples; worked out by hand. */
import { describe, expect, it } from "vitest";
import { addExamples } from "../../../functions/adapter/adapter.ts";
import { rankLabels, type RankOptions } from "../../../functions/gateway/score/rank-labels.ts";

const SCALE = 2;
const IMAGE = Float32Array.of(1, 0);
/** Cosines 1 and 0, so logits 2 and 0. */
const LABELS = {
  labels: ["near", "far"],
  minSimilarity: [],
  vectors: Float32Array.of(1, 0, 0, 1),
  negative: Float32Array.of(),
  truncated: new Set<number>(),
};
const OPTIONS: RankOptions = {
  scale: SCALE,
  topK: 5,
  multiLabel: false,
  minSimilarity: null,
  minScore: 0,
  rival: undefined,
};
/** Cosine 0.5, so logit 1. */
const HALF = Float32Array.of(0.5, Math.sqrt(0.75));

function withRival(bias: number, vectors: Float32Array = HALF, change: Partial<RankOptions> = {}) {
  return rankLabels(IMAGE, LABELS, { ...OPTIONS, rival: { vectors, bias }, ...change });
}

/** Softmax of logits 2 and 0 and this one. */
function shares(rivalLogit: number): { near: number; far: number; none: number } {
  const total = Math.exp(2) + 1 + Math.exp(rivalLogit);
  return { near: Math.exp(2) / total, far: 1 / total, none: Math.exp(rivalLogit) / total };
}

describe("a rival", () => {
  it.each([
    ["below the best label", -0.5, "near"],
    ["as good as the best label, which then wins", 1, "near"],
    ["better than all labels", 1.5, null],
  ])("%s", (_, bias, prediction) => {
    const ranking = withRival(bias);
    const { near, far, none } = shares(1 + bias);
    expect(ranking.prediction).toBe(prediction);
    expect(ranking.score ?? near).toBeCloseTo(near, 12);
    expect(ranking.score === null).toBe(prediction === null);
    expect(ranking.none_score).toBeCloseTo(none, 12);
    expect(ranking.predictions.map(({ label }) => label)).toEqual(["near", "far"]);
    expect(ranking.predictions[0]?.score).toBeCloseTo(near, 12);
    expect(ranking.predictions[1]?.score).toBeCloseTo(far, 12);
  });

  it("of two prompts has the log-mean-exp of their logits", () => {
    const { none_score: none } = withRival(0.25, LABELS.vectors);
    expect(none).toBeCloseTo(shares(Math.log((Math.exp(2) + 1) / 2) + 0.25).none, 12);
  });

  it("leaves nothing to predict if no label passes, even far below", () => {
    const ranking = withRival(-50, HALF, { minSimilarity: 1.5 });
    expect(ranking).toMatchObject({ prediction: null, score: null, predictions: [] });
    expect(ranking.none_score).toBeCloseTo(0, 12);
  });
});

it("none without a rival", () => {
  expect(rankLabels(IMAGE, LABELS, OPTIONS)).not.toHaveProperty("none_score");
});

describe("a least score", () => {
  const all = rankLabels(IMAGE, LABELS, OPTIONS).predictions;
  const [best = 0, other = 0] = all.map(({ score }) => score);

  it.each([
    ["equal to the lower one keeps both", other, 2],
    ["between them keeps the best", (best + other) / 2, 1],
    ["above both keeps none", 0.999, 0],
  ])("%s", (_, minScore, kept) => {
    const { predictions, prediction } = rankLabels(IMAGE, LABELS, { ...OPTIONS, minScore });
    expect(predictions).toEqual(all.slice(0, kept));
    expect(prediction).toBe(kept === 0 ? null : "near");
  });
});

describe("examples", () => {
  const three = {
    ...LABELS,
    labels: ["near", "far", "plain"],
    vectors: Float32Array.of(1, 0, 0, 1, 0.5, Math.sqrt(0.75)),
    negative: HALF,
  };
  const examples = {
    vectors: Float32Array.of(0, 1, 1, 0),
    labels: [0, 1],
    alpha: 0.5,
    beta: 5.5,
    background: 0.4,
  };
  it.each([[false], [true]])("change logits and not cosines; multi_label %s", (multiLabel) => {
    const options = { ...OPTIONS, multiLabel };
    const plain = rankLabels(IMAGE, three, options).predictions.toSorted(byLabel);
    const taught = rankLabels(IMAGE, { ...three, examples }, options).predictions.toSorted(byLabel);
    expect(taught.map(({ similarity }) => similarity)).toEqual(plain.map(({ similarity }) => similarity));
    const logits = Float64Array.of(SCALE, 0, SCALE * 0.5);
    addExamples(logits, IMAGE, examples, SCALE, !multiLabel);
    const expected = new Map(three.labels.map((label, index) => [label, logits[index]]));
    for (const { label, logit } of taught) expect(logit).toBeCloseTo(expected.get(label) ?? NaN, 12);
  });
});

function byLabel({ label: a }: { label: string }, { label: b }: { label: string }): number {
  return a.localeCompare(b);
}
