/**
 * Labels that learn from pictures, without training (Tip-Adapter, arXiv 2111.03930). A label's examples are pictures of
 * it; the more a picture is like them, the higher its logit:
 *
 *     logit = scale × (cosine with the text + α × (mean over the examples of exp(−β (1 − cosine)) − b))
 *
 * `b = exp(−β (1 − c₀))` is what an unrelated example gives, c₀ being the cosine of unrelated pictures. α × scale is in
 * logits, so one α serves models of any scale.
 *
 * A label without examples has no such term. Among several labels that have some, one is often near by chance, and
 * labels without would lose to it. So where both kinds compete, the examples decide among the labels that have some,
 * and the texts decide between these and the others: the terms are lowered or raised together until the best label with
 * examples has the logit that the best of them had by the texts. A single label with examples keeps its term, because
 * otherwise it would never have one.
 */
import { cosinesWithRows } from "../runtime/cosine-of-unit.ts";

export interface Adapter {
  /** Weight of the examples; with 0 only texts count. */
  alpha: number;
  /** How near a picture must be to an example. */
  beta: number;
}

/** For labels that come with a request, and as long as nothing else was chosen. */
export const DEFAULT_ADAPTER: Adapter = { alpha: 0.1, beta: 5.5 };

/** Vectors of a set's examples. */
export interface ExampleVectors {
  /** float32, examples × width, rows of unit length. A row of zeros is an example that is ignored. */
  vectors: Float32Array;
  /** Index of each example's label, ascending. */
  labels: ArrayLike<number>;
}

/** Examples as a classification needs them. */
export interface Examples extends ExampleVectors, Adapter {
  /** c₀: cosine of unrelated pictures. */
  background: number;
}

/** What the examples of a label say of a picture, without α. */
export type Term = readonly [label: number, term: number];

/**
 * Adds to each label's logit what its examples say of a picture.
 * @param logits of the labels, from their texts; changed in place
 * @param image unit-length embedding
 * @param compete false if each label is judged alone, as with `multi_label`
 */
export function addExamples(
  logits: Float64Array,
  image: Float32Array,
  { vectors, labels, alpha, beta, background }: Examples,
  scale: number,
  compete = true,
): void {
  if (alpha === 0) return;
  const cosines = cosinesWithRows(image, vectors);
  const isUsed = (row: number): boolean => cosines[row] !== 0 || !isIgnored(vectors, row, image.length);
  const terms = termsOf(cosines, labels, { beta, background }, isUsed);
  const weight = scale * alpha;
  const shift = compete && isMixed(terms.length, logits.length) ? riseOfBest(logits, terms, weight) : 0;
  for (const [label, term] of terms) logits[label] = (logits[label] ?? 0) + weight * term - shift;
}

/**
 * @param cosines of a picture with the examples
 * @param isUsed tells which examples count
 * @returns the terms of the labels that have an example which counts, in their order
 */
export function termsOf(
  cosines: Float64Array,
  labels: ArrayLike<number>,
  { beta, background }: { beta: number; background: number },
  isUsed: (row: number) => boolean,
): Term[] {
  const unrelated = nearness(background, beta);
  const terms: Term[] = [];
  for (let row = 0; row < labels.length;) {
    const label = labels[row] ?? 0;
    let [sum, used] = [0, 0];
    for (; row < labels.length && labels[row] === label; row++) {
      if (!isUsed(row)) continue;
      sum += nearness(cosines[row] ?? 0, beta);
      used++;
    }
    if (used > 0) terms.push([label, sum / used - unrelated]);
  }
  return terms;
}

/** True if examples decide only among the labels that have some. @param taught number of these */
export function isMixed(taught: number, labels: number): boolean {
  return taught > 1 && taught < labels;
}

/** By how much the highest logit of the labels with examples is higher with their terms than without. */
export function riseOfBest(logits: Float64Array, terms: readonly Term[], weight: number): number {
  let [before, after] = [-Infinity, -Infinity];
  for (const [label, term] of terms) {
    const logit = logits[label] ?? 0;
    before = Math.max(before, logit);
    after = Math.max(after, logit + weight * term);
  }
  return after - before;
}

/** Marks the examples of a label as ignored. */
export function ignoreExamples({ vectors, labels }: ExampleVectors, ignored: ReadonlySet<number>): void {
  const width = vectors.length / labels.length;
  for (let row = 0; row < labels.length; row++) {
    if (ignored.has(labels[row] ?? 0)) vectors.fill(0, row * width, (row + 1) * width);
  }
}

/** Indices of the labels whose examples are ignored, ascending. */
export function ignoredLabels({ vectors, labels }: ExampleVectors): number[] {
  const width = vectors.length / labels.length;
  const ignored = new Set<number>();
  for (let row = 0; row < labels.length; row++) {
    if (vectors[row * width] === 0 && isIgnored(vectors, row, width)) ignored.add(labels[row] ?? 0);
  }
  return [...ignored];
}

/** Labels whose examples are ignored, as the API shows them. */
export interface ListedLabels {
  ignored_labels: number;
  /** Indices of the first of them. */
  ignored: readonly number[];
}

/** Labels that are listed. An answer may have 16 sets, and R2 keeps the list in an object's metadata. */
export const MAX_LISTED_LABELS = 100;

/** @param labels indices, ascending */
export function listedLabels(labels: readonly number[]): ListedLabels {
  return { ignored_labels: labels.length, ignored: labels.slice(0, MAX_LISTED_LABELS) };
}

function isIgnored(vectors: Float32Array, row: number, width: number): boolean {
  return vectors.subarray(row * width, (row + 1) * width).every((value) => value === 0);
}

/** What an example at this cosine gives. */
function nearness(cosine: number, beta: number): number {
  return Math.exp(-beta * (1 - cosine));
}
