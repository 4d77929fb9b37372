/**
 * Chooses α and β for a set by leave-one-out: each example is classified by the texts and by all other examples, and the
 * pair with the least log-loss is taken. With examples that mislead, that is α = 0: the texts alone.
 *
 * In a set where some labels have no examples, these must not suffer by those that have some, and none of their pictures
 * is there to show it. So each example is also classified as if its label had none, and that counts by the share of such
 * labels.
 *
 * Near-duplicates of the example that is left out are left out with it, because a copy would vouch for itself.
 */
import { cosinesWithRows } from "../runtime/cosine-of-unit.ts";
import { type Adapter, DEFAULT_ADAPTER, type ExampleVectors, nearness } from "./adapter.ts";

const ALPHAS = [0, 0.05, 0.1, 0.2, 0.4];
const BETAS = [2, 5.5, 10];
/** Two pictures with a higher cosine are the same picture, more or less. */
const DUPLICATE = 0.98;
/** Examples that are left out, one after another; of more, every second or third. */
const MAX_HELD_OUT = 1_000;
/** Products between two pauses, about 10 ms. */
const PRODUCTS = 5_000_000;
/** A smaller loss than that of a smaller α, by so much, is no accident of rounding. */
const LEAST_GAIN = 1e-9;

export interface ChosenAdapter extends Adapter {
  /** Share of the left-out examples that are classified right, from 0 to 1. */
  leave_one_out_accuracy: number;
  /** The same by the texts alone. */
  text_only_accuracy: number;
}

export interface ChooseOptions {
  /** `exp(logit_scale)`. */
  scale: number;
  /** c₀: cosine of unrelated pictures. */
  background: number;
  /** Awaited after every few milliseconds of work. */
  pause?: () => Promise<unknown>;
}

interface Candidate extends Adapter {
  loss: number;
  right: number;
}

/**
 * @param texts float32, labels × width, rows of unit length
 * @param examples at least one
 */
export async function chooseAdapter(
  texts: Float32Array,
  { vectors, labels }: ExampleVectors,
  { scale, background, pause = async () => {} }: ChooseOptions,
): Promise<ChosenAdapter> {
  const count = labels.length;
  const width = vectors.length / count;
  const candidates = grid();
  const held = Math.min(count, MAX_HELD_OUT);
  const isTaught = new Set(Array.from(labels));
  const untaught = 1 - (width * isTaught.size) / texts.length;
  let products = 0;
  for (let turn = 0; turn < held; turn++) {
    const example = Math.floor((turn * count) / held);
    const image = vectors.subarray(example * width, (example + 1) * width);
    const cosines = cosinesWithRows(image, vectors);
    const logits = cosinesWithRows(image, texts).map((cosine) => scale * cosine);
    const rest = restOf(logits, isTaught);
    for (const beta of BETAS) {
      const terms = termsOf(cosines, labels, example, beta, nearness(background, beta));
      for (const candidate of candidates) {
        // With α = 0 the terms do not matter.
        if (candidate.alpha === 0 ? beta !== BETAS[0] : candidate.beta !== beta) continue;
        judge(candidate, labels[example] ?? 0, { logits, rest, terms, scale, untaught });
      }
    }
    products += vectors.length + texts.length;
    if (products > PRODUCTS) {
      products = 0;
      await pause();
    }
  }
  const [textOnly] = candidates;
  if (textOnly === undefined || held === 0) throw new Error("a set without examples");
  let best = textOnly;
  for (const candidate of candidates) if (candidate.loss < best.loss - LEAST_GAIN * held) best = candidate;
  return {
    alpha: best.alpha,
    beta: best.beta,
    leave_one_out_accuracy: best.right / held,
    text_only_accuracy: textOnly.right / held,
  };
}

/** The smallest α first, so that it is taken if others are no better. */
function grid(): Candidate[] {
  return ALPHAS.flatMap((alpha) =>
    (alpha === 0 ? [DEFAULT_ADAPTER.beta] : BETAS).map((beta) => ({ alpha, beta, loss: 0, right: 0 })),
  );
}

/** Labels without examples, whose logits are the same for every candidate. */
interface Rest {
  best: number;
  bestLogit: number;
  /** Sum of exp(logit − the highest of all logits). */
  sum: number;
  highest: number;
}

function restOf(logits: Float64Array, isTaught: ReadonlySet<number>): Rest {
  let highest = -Infinity;
  for (const logit of logits) highest = Math.max(highest, logit);
  const rest = { best: -1, bestLogit: -Infinity, sum: 0, highest };
  for (const [label, logit] of logits.entries()) {
    if (isTaught.has(label)) continue;
    rest.sum += Math.exp(logit - highest);
    if (logit <= rest.bestLogit) continue;
    rest.best = label;
    rest.bestLogit = logit;
  }
  return rest;
}

/** What the other examples say, by label; 0 for a label that has no other ones. */
function termsOf(
  cosines: Float64Array,
  labels: ArrayLike<number>,
  example: number,
  beta: number,
  unrelated: number,
): [label: number, term: number][] {
  const terms: [number, number][] = [];
  for (let first = 0; first < labels.length;) {
    const label = labels[first] ?? 0;
    let [sum, used, end] = [0, 0, first];
    for (; end < labels.length && labels[end] === label; end++) {
      const cosine = cosines[end] ?? 0;
      if (end === example || cosine > DUPLICATE) continue;
      sum += nearness(cosine, beta);
      used++;
    }
    terms.push([label, used === 0 ? 0 : sum / used - unrelated]);
    first = end;
  }
  return terms;
}

interface Judged {
  logits: Float64Array;
  rest: Rest;
  terms: readonly [label: number, term: number][];
  scale: number;
  /** Share of the labels that have no examples. */
  untaught: number;
}

/** Adds what a candidate makes of an example to its loss. */
function judge(candidate: Candidate, right: number, { logits, rest, terms, scale, untaught }: Judged): void {
  const weight = scale * candidate.alpha;
  let [best, bestLogit, sum, own] = [rest.best, rest.bestLogit, rest.sum, 0];
  for (const [label, term] of terms) {
    const logit = (logits[label] ?? 0) + weight * term;
    sum += Math.exp(logit - rest.highest);
    if (label === right) own = logit;
    // Of equal ones the first, as everywhere.
    if (logit > bestLogit || (logit === bestLogit && label < best)) [best, bestLogit] = [label, logit];
  }
  const byText = logits[right] ?? 0;
  const withoutOwn = sum - Math.exp(own - rest.highest) + Math.exp(byText - rest.highest);
  candidate.loss += (1 - untaught) * (rest.highest + Math.log(sum) - own);
  candidate.loss += untaught * (rest.highest + Math.log(withoutOwn) - byText);
  if (best === right) candidate.right++;
}
