/**
 * What thresholds do to labelled pictures. Pure functions on logits: a picture is classified once, and every threshold
 * and bias is tried on the same logits.
 */
import { softmax } from "../../functions/gateway/score/softmax.ts";

/** How the service scored a picture. */
export interface Scores {
  /** Logit of each label. */
  logits: readonly number[];
  /** Cosine of each label. */
  similarities: readonly number[];
  /** Logit of the rival, "none of these", without a bias. */
  rival: number;
}

/** A picture whose label is known. */
export interface ScoredPicture extends Scores {
  /** Index of its own label. */
  own: number;
}

/** The label that a picture gets. */
export interface Answer {
  isRight: boolean;
  /** Softmax probability over the labels. */
  score: number;
}

/** What is left if predictions under a threshold are dropped. */
export interface AtThreshold {
  threshold: number;
  /** Share of all pictures that keep a prediction. */
  kept: number;
  /** Share of the kept predictions that are right; 1 if none is kept. */
  precision: number;
  /** Share of all pictures whose prediction is kept and right. */
  recall: number;
}

/** Predictions with scores from `from` up to the next bin: with calibrated scores, `accuracy` equals `meanScore`. */
export interface ReliabilityBin {
  from: number;
  count: number;
  meanScore: number;
  accuracy: number;
}

/**
 * A value of each picture, such as the best cosine. Pictures whose value is below a cut get no label.
 */
export interface Separated {
  /** Values of pictures whose best label is right, ascending. */
  present: readonly number[];
  /** Values of pictures that no label fits, ascending. */
  absent: readonly number[];
}

/** What a cut does. */
export interface AtCut {
  cut: number;
  /** Share of the rightly predicted pictures that lose their label. */
  refused: number;
  /** Share of the pictures that no label fits that get none. */
  none: number;
}

export function answerOf({ own, logits }: ScoredPicture): Answer {
  const best = logits.indexOf(highest(logits));
  return { isRight: best === own, score: softmax(logits)[best] ?? 0 };
}

export function accuracy(answers: readonly Answer[]): number {
  return share(answers, ({ isRight }) => isRight);
}

export function atThreshold(answers: readonly Answer[], threshold: number): AtThreshold {
  const kept = answers.filter(({ score }) => score >= threshold);
  const right = kept.filter(({ isRight }) => isRight).length;
  return {
    threshold,
    kept: kept.length / answers.length,
    precision: kept.length === 0 ? 1 : right / kept.length,
    recall: right / answers.length,
  };
}

/**
 * The smallest threshold from which on precision is at least `precision`.
 * @returns undefined if even the highest score does not reach it
 */
export function suggestMinScore(answers: readonly Answer[], precision: number): number | undefined {
  const scores = [0, ...answers.map(({ score }) => score).toSorted((a, b) => a - b)];
  return scores.find((threshold) => atThreshold(answers, threshold).precision >= precision);
}

/** @returns bins of equal width that have pictures */
export function reliability(answers: readonly Answer[], bins: number): ReliabilityBin[] {
  return Array.from({ length: bins }, (_, bin) => {
    const inBin = answers.filter(({ score }) => Math.min(bins - 1, Math.floor(score * bins)) === bin);
    const total = inBin.reduce((sum, { score }) => sum + score, 0);
    return {
      from: bin / bins,
      count: inBin.length,
      meanScore: total / inBin.length,
      accuracy: accuracy(inBin),
    };
  }).filter(({ count }) => count > 0);
}

/** Mean distance between score and accuracy over the bins, weighted by their pictures. */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  return bins.reduce(
    (sum, { count, meanScore, accuracy: right }) => sum + (count / total) * Math.abs(meanScore - right),
    0,
  );
}

/**
 * @param pictures without their own labels they serve as pictures that no label fits
 * @param others pictures that no label fits, instead
 */
export function separate(
  pictures: readonly ScoredPicture[],
  valueOf: (scores: Scores) => number,
  others?: readonly Scores[],
): Separated {
  const right = pictures.filter((picture) => answerOf(picture).isRight);
  return {
    present: right.map(valueOf).toSorted(ascending),
    absent: (others ?? pictures.map(withoutOwn)).map(valueOf).toSorted(ascending),
  };
}

/**
 * Logits by which the best label leads the rival. The rival wins where its bias is larger: a bias is a cut of leads.
 */
export function lead({ logits, rival }: Scores): number {
  return highest(logits) - rival;
}

export function bestSimilarity({ similarities }: Scores): number {
  return highest(similarities);
}

export function atCut({ present, absent }: Separated, cut: number): AtCut {
  const isBelow = (value: number): boolean => value < cut;
  return { cut, refused: share(present, isBelow), none: share(absent, isBelow) };
}

/** The largest cut that takes at most the share `refused` of the rightly predicted pictures. */
export function suggestCut({ present }: Separated, refused: number): number {
  return present[Math.min(present.length - 1, Math.floor(refused * present.length))] ?? 0;
}

/**
 * Chance that a rightly predicted picture has a higher value than one that no label fits: 1 is ideal, 0.5 is chance.
 */
export function separation({ present, absent }: Separated): number {
  const wins = present.reduce(
    (sum, value) =>
      sum + absent.reduce((count, other) => count + (other < value ? 1 : other === value ? 0.5 : 0), 0),
    0,
  );
  return wins / (present.length * absent.length);
}

function withoutOwn({ own, logits, similarities, rival }: ScoredPicture): Scores {
  const isOther = (_: number, index: number): boolean => index !== own;
  return { logits: logits.filter(isOther), similarities: similarities.filter(isOther), rival };
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

function share<T>(values: readonly T[], isCounted: (value: T) => boolean): number {
  return values.filter(isCounted).length / values.length;
}

function ascending(a: number, b: number): number {
  return a - b;
}
