/** The figures of `npm run calibrate`, compared with their definitions, one picture after the other. */
import { describe, expect, it } from "vitest";
import {
  accuracy,
  type Answer,
  answerOf,
  atCut,
  atThreshold,
  bestSimilarity,
  calibrationError,
  lead,
  reliability,
  type ScoredPicture,
  separate,
  separation,
  suggestCut,
  suggestMinScore,
} from "../../scripts/calibrate/metrics.ts";
import { random } from "../support/random.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
const DIGITS = 10;

/** Pictures whose own label tends to have the highest logit. */
function somePictures(seed: number): ScoredPicture[] {
  const next = random(seed);
  return Array.from({ length: 60 }, () => {
    const own = Math.floor(next() * 5);
    const logits = Array.from({ length: 5 }, (_, i) => 4 * next() + (i === own ? 2 : 0));
    return { own, logits, similarities: logits.map((logit) => logit / 20), rival: 3 + 2 * next() };
  });
}

/** The prediction and score of a picture with a bias, as the API defines them. */
function plainAnswer({ own, logits, rival }: ScoredPicture, bias = -Infinity) {
  const best = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return { isRight: logits[own] === best, score: Math.exp(best) / total, isNone: rival + bias > best };
}

describe.each(SEEDS)("with pictures of seed %i", (seed) => {
  const pictures = somePictures(seed);
  const answers = pictures.map(answerOf);

  it("answers are the best label's", () => {
    for (const [index, picture] of pictures.entries()) {
      const { isRight, score } = plainAnswer(picture);
      expect(answers[index]?.isRight).toBe(isRight);
      expect(answers[index]?.score).toBeCloseTo(score, DIGITS);
    }
    expect(accuracy(answers)).toBe(answers.filter(({ isRight }) => isRight).length / pictures.length);
  });

  it.each([0, 0.3, 0.6, 0.9, 1])("threshold %f counts what is kept and right", (threshold) => {
    let [kept, right] = [0, 0];
    for (const { isRight, score } of answers) {
      if (score < threshold) continue;
      kept++;
      if (isRight) right++;
    }
    expect(atThreshold(answers, threshold)).toEqual({
      threshold,
      kept: kept / answers.length,
      precision: kept === 0 ? 1 : right / kept,
      recall: right / answers.length,
    });
  });

  it.each([0.5, 0.8, 0.9, 1])("the suggested min_score is the smallest for precision %f", (precision) => {
    const suggested = suggestMinScore(answers, precision);
    const isEnough = (threshold: number): boolean => {
      const kept = answers.filter(({ score }) => score >= threshold);
      return kept.filter(({ isRight }) => isRight).length >= precision * kept.length;
    };
    const enough = [0, ...answers.map(({ score }) => score)].filter(isEnough);
    expect(suggested).toBe(enough.length === 0 ? undefined : Math.min(...enough));
  });

  it("bins hold every picture once", () => {
    const bins = reliability(answers, 10);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(pictures.length);
    let error = 0;
    for (const { from, count, meanScore, accuracy: right } of bins) {
      const inside = answers.filter(({ score }) => score >= from - 1e-12 && score < from + 0.1 - 1e-12);
      expect(count).toBe(inside.length);
      expect(meanScore).toBeCloseTo(inside.reduce((sum, { score }) => sum + score, 0) / count, DIGITS);
      expect(right).toBe(inside.filter(({ isRight }) => isRight).length / count);
      error += (count * Math.abs(meanScore - right)) / pictures.length;
    }
    expect(calibrationError(bins)).toBeCloseTo(error, DIGITS);
  });

  it.each([-1, 0, 1])("bias %i takes the labels that the API would take", (bias) => {
    const right = pictures.filter((picture) => plainAnswer(picture).isRight);
    const absent = pictures.map(({ own, ...picture }) => ({
      ...picture,
      own,
      logits: picture.logits.filter((_, i) => i !== own),
    }));
    const isNone = (picture: ScoredPicture): boolean => plainAnswer(picture, bias).isNone;
    const found = atCut(separate(pictures, lead), bias);
    expect(found.refused).toBeCloseTo(right.filter(isNone).length / right.length, DIGITS);
    expect(found.none).toBeCloseTo(absent.filter(isNone).length / absent.length, DIGITS);
  });

  it.each([0, 0.05, 0.2, 1])(
    "the suggested cut takes at most the share %f, and every larger one takes more",
    (share) => {
      const separated = separate(pictures, lead);
      const cut = suggestCut(separated, share);
      expect(atCut(separated, cut).refused).toBeLessThanOrEqual(share);
      const larger = separated.present.filter((value) => value > cut);
      expect(larger.every((value) => atCut(separated, value).refused > share)).toBe(true);
    },
  );

  it("others take the place of pictures without their own labels", () => {
    const others = somePictures(seed + 100);
    const separated = separate(pictures, bestSimilarity, others);
    expect(separated.absent).toEqual(
      others.map(({ similarities }) => Math.max(...similarities)).toSorted((a, b) => a - b),
    );
    const { present, absent } = separated;
    const pairs = present.flatMap((value) =>
      absent.map((other) => (other < value ? 1 : other === value ? 0.5 : 0)),
    );
    const mean = pairs.reduce<number>((sum, value) => sum + value, 0) / pairs.length;
    expect(separation(separated)).toBeCloseTo(mean, DIGITS);
  });
});

it("no threshold is suggested if even the highest score is wrong", () => {
  const answers: Answer[] = [
    { isRight: true, score: 0.5 },
    { isRight: false, score: 0.9 },
  ];
  expect(suggestMinScore(answers, 0.95)).toBeUndefined();
});
