/**
 * Promotions of one unit: scales, which cost nothing; activations in 16 bits, which cost time; weights in 16 bits,
 * which cost time and a byte each. Both in 16 bits leave hardly any error; float32 would cost three more bytes a
 * weight.
 */
import type { Agreement } from "../measure/agreement.ts";
import { channelMagnitudes, foldScales } from "./fold.ts";
import type { Fine, Promotion, Promotions } from "./promotion.ts";
import type { UnitBench } from "./unit-bench.ts";

/** Exponents to try: which one is best depends on the outliers of a layer's weights. */
const STRENGTHS = [0.5, 0.75, 0.25];
/** Scales are kept if they reduce the error by at least a twentieth. */
const WORTH_IT = 0.95;
/** The share of the squared error that a step to 16 bits must remove. */
const WORTH_A_STEP = 0.02;

/** 16 bits for the activations or the weights of one layer. */
export interface FineStep {
  unit: string;
  linear: string;
  fine: Fine;
  /** Bytes that the tower grows by. */
  bytes: number;
  /** The square of the unit's relative error before the step, and how much of it the step removes. */
  error: number;
  gain: number;
}

/**
 * Finds the best scales for each layer behind a LayerNorm.
 * @returns the promotions, and the unit's agreement with them
 */
export async function withScales(
  bench: UnitBench,
  promotions: Promotions,
  before: Agreement,
): Promise<{ promotions: Map<string, Promotion>; after: Agreement }> {
  let best = new Map(promotions);
  let after = before;
  const linears = await bench.linears();
  const largest = await bench.channels(linears.flatMap(({ norm }) => norm ?? []));
  for (const { name, weight, norm = "" } of linears) {
    const channels = largest.get(norm);
    if (channels === undefined || promotions.has(name)) continue;
    const columns = channelMagnitudes(weight, channels.length);
    for (const strength of STRENGTHS) {
      const scales = foldScales(channels, columns, strength);
      const candidate = new Map(best).set(name, { scales });
      const found = await bench.measure(candidate);
      if (found.relativeError > WORTH_IT * after.relativeError) continue;
      [best, after] = [candidate, found];
    }
  }
  return { promotions: best, after };
}

/**
 * The possible steps to 16 bits for the unit, each measured by itself. The errors that they remove are independent, so
 * their gains add up.
 */
export async function fineOptions(
  bench: UnitBench,
  promotions: Promotions,
  before: Agreement,
): Promise<FineStep[]> {
  const error = before.relativeError ** 2;
  const options: FineStep[] = [];
  for (const { name, input, output } of await bench.linears()) {
    for (const fine of ["fineActivations", "fineWeights"] as const) {
      if (promotions.get(name)?.[fine] === true) continue;
      const after = await bench.measure(withStep(promotions, name, fine));
      const gain = error - after.relativeError ** 2;
      const bytes = fine === "fineWeights" ? input * output : 0;
      if (gain >= WORTH_A_STEP * error)
        options.push({ unit: bench.name, linear: name, fine, bytes, error, gain });
    }
  }
  return options;
}

/** Orders steps by removed error per byte, the most first; steps that cost no bytes come first. */
export function byWorth(a: FineStep, b: FineStep): number {
  return b.gain / Math.max(1, b.bytes) - a.gain / Math.max(1, a.bytes);
}

/** The steps that bring the unit to `bar`, or as near as possible. */
export async function stepsTo(
  bar: number,
  bench: UnitBench,
  promotions: Promotions,
  before: Agreement,
): Promise<FineStep[]> {
  const steps: FineStep[] = [];
  let chosen = promotions;
  let now = before;
  while (now.cosine < bar) {
    const [step] = (await fineOptions(bench, chosen, now)).toSorted(byWorth);
    if (step === undefined) break;
    chosen = withStep(chosen, step.linear, step.fine);
    now = await bench.measure(chosen);
    steps.push(step);
  }
  return steps;
}

export function withStep(promotions: Promotions, linear: string, fine: Fine): Map<string, Promotion> {
  return new Map(promotions).set(linear, { ...promotions.get(linear), [fine]: true });
}
