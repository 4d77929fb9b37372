/**
 * Labels that learn from pictures, without training (Tip-Adapter, arXiv 2111.03930). A label's examples are pictures of
 * it; the more a picture is like them, the higher its logit:
 *
 *     logit = scale × (cosine with the text + α × (mean over the examples of exp(−β (1 − cosine)) − b))
 *
 * `b = exp(−β (1 − c₀))` is what an unrelated example gives, c₀ being the cosine of unrelated pictures. So an example is
 * no advantage in itself, and a label without examples, whose term is 0, competes with those that have some. α × scale is
 * in logits, so one α serves models of any scale.
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
  /** float32, examples × width, rows of unit length. */
  vectors: Float32Array;
  /** Index of each example's label, ascending. */
  labels: ArrayLike<number>;
}

/** Examples as a classification needs them. */
export interface Examples extends ExampleVectors, Adapter {
  /** c₀: cosine of unrelated pictures. */
  background: number;
}

/** What an example at this cosine gives. */
export function nearness(cosine: number, beta: number): number {
  return Math.exp(-beta * (1 - cosine));
}

/**
 * Adds to each label's logit what its examples say of a picture.
 * @param logits of the labels, from their texts; changed in place
 * @param image unit-length embedding
 */
export function addExamples(
  logits: Float64Array,
  image: Float32Array,
  { vectors, labels, alpha, beta, background }: Examples,
  scale: number,
): void {
  if (alpha === 0) return;
  const cosines = cosinesWithRows(image, vectors);
  const unrelated = nearness(background, beta);
  for (let first = 0; first < cosines.length;) {
    const label = labels[first] ?? 0;
    let sum = 0;
    let end = first;
    for (; end < cosines.length && labels[end] === label; end++) sum += nearness(cosines[end] ?? 0, beta);
    const term = alpha * (sum / (end - first) - unrelated);
    logits[label] = (logits[label] ?? 0) + scale * term;
    first = end;
  }
}
