/**
 * Chooses α and β for a set from its examples: each is held out and classified by the texts and by other examples, and
 * the pair with the least log-loss is taken.
 *
 * The first examples of all labels are held out together, then the second ones, and so on. If only the one example were
 * held out, its label would have fewer examples than the others, and examples usually come from sources: a drawing is
 * nearer to another drawing of something else than to a photograph of the same. Leaving out one alone therefore finds
 * examples less useful than they are. Near-duplicates are held out too, because a copy would vouch for itself.
 *
 * Examples may be wrong. The texts and other examples together must know more of a label's examples than a guess, whose
 * loss is the logarithm of the number of labels. If they do not with any pair, the label's examples contradict the
 * texts and are ignored. If those of most labels do, nobody can tell which side is wrong, and α is 0.
 *
 * If one label alone has examples, nothing shows what they take from the others. Then only the defaults are tried.
 */
import { cosinesWithRows } from "../runtime/cosine-of-unit.ts";
import {
  type Adapter,
  DEFAULT_ADAPTER,
  type ExampleVectors,
  isMixed,
  type ListedLabels,
  listedLabels,
  riseOfBest,
  type Term,
  termsOf,
} from "./adapter.ts";

const ALPHAS = [0, 0.05, 0.1, 0.2, 0.4];
const BETAS = [2, 5.5, 10];
/** Two pictures with a higher cosine are the same picture, more or less. */
const DUPLICATE = 0.98;
/** Examples that are held out, one after another; of more, every second or third. */
const MAX_HELD_OUT = 1_000;
/** Products between two pauses, about 10 ms. */
const PRODUCTS = 5_000_000;
/** A smaller loss than that of a smaller α, by so much, is no accident of rounding. */
const MIN_GAIN = 1e-9;

/** What former releases stored has no list of ignored labels, or not even their number. */
export interface ChosenAdapter extends Adapter, Partial<ListedLabels> {
  /** Share of the held-out examples that are classified right, from 0 to 1. Ignored ones do not count. */
  leave_one_out_accuracy: number;
  /** Share of the held-out examples that the texts alone classify right. */
  text_only_accuracy: number;
}

export interface Choice {
  adapter: ChosenAdapter;
  /** Labels whose examples contradict the texts. */
  ignored: ReadonlySet<number>;
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
  /** Log-loss of each held-out example. */
  losses: number[];
  total: number;
  right: number;
}

const NONE: ReadonlySet<number> = new Set();

/**
 * @param texts float32, labels × width, rows of unit length
 * @param examples at least one
 */
export async function chooseAdapter(
  texts: Float32Array,
  examples: ExampleVectors,
  options: ChooseOptions,
): Promise<Choice> {
  const { labels, vectors } = examples;
  const guess = Math.log((texts.length / vectors.length) * labels.length);
  let { held, candidates } = await holdOut(texts, examples, NONE, options);
  const contradicting = contradictingLabels(candidates, held, labels, guess);
  const ignored = contradicting.isMost ? NONE : contradicting.labels;
  if (ignored.size > 0) ({ held, candidates } = await holdOut(texts, examples, ignored, options));
  const best = contradicting.isMost ? textOnly(candidates) : bestOf(candidates);
  const adapter = {
    alpha: best.alpha,
    beta: best.beta,
    leave_one_out_accuracy: best.right / held.length,
    text_only_accuracy: textOnly(candidates).right / held.length,
    ...listedLabels([...ignored]),
  };
  return { adapter, ignored };
}

/**
 * Classifies each example that is held out, with each pair of α and β.
 * @param ignored labels whose examples are neither held out nor used
 */
async function holdOut(
  texts: Float32Array,
  { vectors, labels }: ExampleVectors,
  ignored: ReadonlySet<number>,
  { scale, background, pause = async () => {} }: ChooseOptions,
): Promise<{ held: number[]; candidates: Candidate[] }> {
  const count = labels.length;
  const width = vectors.length / count;
  const places = placesOf(labels);
  const usable = Array.from({ length: count }, (_, row) => row).filter(
    (row) => !ignored.has(labels[row] ?? 0),
  );
  const turns = Math.min(usable.length, MAX_HELD_OUT);
  const held = Array.from(
    { length: turns },
    (_, turn) => usable[Math.floor((turn * usable.length) / turns)] ?? 0,
  );
  const isTaught = new Set(usable.map((row) => labels[row] ?? 0));
  const isAlone = isTaught.size === 1 && texts.length > width;
  const candidates = grid().filter((each) => !isAlone || each.alpha === 0 || isDefault(each));
  let products = 0;
  for (const row of held) {
    const image = vectors.subarray(row * width, (row + 1) * width);
    const cosines = cosinesWithRows(image, vectors);
    const logits = cosinesWithRows(image, texts).map((cosine) => scale * cosine);
    const isUsed = (other: number): boolean =>
      places[other] !== places[row] && (cosines[other] ?? 0) <= DUPLICATE && !ignored.has(labels[other] ?? 0);
    const rest = restOf(logits, isTaught);
    for (const beta of BETAS) {
      const terms = withAll(isTaught, termsOf(cosines, labels, { beta, background }, isUsed));
      for (const candidate of candidates) {
        // With α = 0 the terms do not matter.
        if (candidate.alpha === 0 ? beta !== BETAS[0] : candidate.beta !== beta) continue;
        const weight = scale * candidate.alpha;
        const shift = isMixed(terms.length, logits.length) ? riseOfBest(logits, terms, weight) : 0;
        judge(candidate, labels[row] ?? 0, { logits, rest, terms, weight, shift });
      }
    }
    products += vectors.length + texts.length;
    if (products > PRODUCTS) {
      products = 0;
      await pause();
    }
  }
  return { held, candidates };
}

/** The place of each example among those of its label. */
function placesOf(labels: ArrayLike<number>): number[] {
  let first = 0;
  return Array.from({ length: labels.length }, (_, row) => {
    if (labels[row] !== labels[first]) first = row;
    return row - first;
  });
}

/** The smallest α first, so that it is taken if others are no better. */
function grid(): Candidate[] {
  return ALPHAS.flatMap((alpha) =>
    (alpha === 0 ? [DEFAULT_ADAPTER.beta] : BETAS).map((beta) => ({
      alpha,
      beta,
      losses: [],
      total: 0,
      right: 0,
    })),
  );
}

function isDefault({ alpha, beta }: Adapter): boolean {
  return alpha === DEFAULT_ADAPTER.alpha && beta === DEFAULT_ADAPTER.beta;
}

/** α = 0. */
function textOnly([first]: readonly Candidate[]): Candidate {
  if (first === undefined || first.losses.length === 0) throw new Error("a set without examples");
  return first;
}

function bestOf(candidates: readonly Candidate[]): Candidate {
  let best = textOnly(candidates);
  const least = MIN_GAIN * best.losses.length;
  for (const candidate of candidates) if (candidate.total < best.total - least) best = candidate;
  return best;
}

/** The labels whose held-out examples have a higher loss than a guess with every candidate. */
function contradictingLabels(
  candidates: readonly Candidate[],
  held: readonly number[],
  labels: ArrayLike<number>,
  guess: number,
): { labels: ReadonlySet<number>; isMost: boolean } {
  const turns = Map.groupBy(held.keys(), (turn) => labels[held[turn] ?? 0] ?? 0);
  const worse = [...turns].filter(([, own]) =>
    candidates.every(
      ({ losses }) => own.reduce((sum, turn) => sum + (losses[turn] ?? 0), 0) > guess * own.length,
    ),
  );
  return { labels: new Set(worse.map(([label]) => label)), isMost: 2 * worse.length > turns.size };
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

/** Terms of all labels with examples: 0 for those whose examples are all held out. */
function withAll(isTaught: ReadonlySet<number>, terms: readonly Term[]): Term[] {
  const known = new Map(terms);
  return [...isTaught].map((label) => [label, known.get(label) ?? 0]);
}

interface Judged {
  logits: Float64Array;
  rest: Rest;
  terms: readonly Term[];
  /** scale × α. */
  weight: number;
  /** By how much all terms together are lowered. */
  shift: number;
}

/** Adds what a candidate makes of an example to its losses. */
function judge(candidate: Candidate, right: number, { logits, rest, terms, weight, shift }: Judged): void {
  let [best, bestLogit, sum, own] = [rest.best, rest.bestLogit, rest.sum, 0];
  for (const [label, term] of terms) {
    const logit = (logits[label] ?? 0) + weight * term - shift;
    sum += Math.exp(logit - rest.highest);
    if (label === right) own = logit;
    // Of equal ones the first, as everywhere.
    if (logit > bestLogit || (logit === bestLogit && label < best)) [best, bestLogit] = [label, logit];
  }
  const loss = rest.highest + Math.log(sum) - own;
  candidate.losses.push(loss);
  candidate.total += loss;
  if (best === right) candidate.right++;
}
