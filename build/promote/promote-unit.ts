/**
 * What can be done for one unit: scales, which cost nothing; activations in 16 bits, which cost time; weights in 16 bits,
 * which cost time and a byte each. Both together leave hardly any error, where float32 would cost three bytes.
 */
import type { Agreement } from "../measure/agreement.ts";
import { channelMagnitudes, foldScales } from "./fold.ts";
import type { Fine, Promotion, Promotions } from "./promotion.ts";
import type { UnitBench } from "./unit-bench.ts";

/** Exponents tried; one layer's weights have outliers of their own, another's have none. */
const STRENGTHS = [0.5, 0.75, 0.25];
/** A change is kept if it takes at least a twentieth of the error away. */
const WORTH_IT = 0.95;

/** A layer with one thing more, and the unit with it and all earlier steps. */
export interface FineStep {
  linear: string;
  fine: Fine;
  /** Bytes that the tower grows by. */
  bytes: number;
  after: Agreement;
}

/** The unit's promotions with the best scales for each layer behind a LayerNorm, and what they come to. */
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

/** One thing more for one layer, by itself. */
export interface FineOption {
  linear: string;
  fine: Fine;
  bytes: number;
  /** How much smaller the square of the unit's relative error is with it. */
  gain: number;
}

/**
 * What can be done for the unit, the most useful first: free things, then by bytes. The errors that they take away are
 * independent of one another, so that what each takes away alone says in what order to try them.
 */
export async function fineOptions(
  bench: UnitBench,
  promotions: Promotions,
  before: Agreement,
): Promise<FineOption[]> {
  const options: FineOption[] = [];
  for (const { name, input, output } of await bench.linears()) {
    for (const fine of ["fineActivations", "fineWeights"] as const) {
      const after = await bench.measure(withStep(promotions, name, fine));
      const bytes = fine === "fineWeights" ? input * output : 0;
      options.push({ linear: name, fine, bytes, gain: before.relativeError ** 2 - after.relativeError ** 2 });
    }
  }
  // A free option counts as one of a single byte, which puts it before all others.
  return options.toSorted((a, b) => b.gain / Math.max(1, b.bytes) - a.gain / Math.max(1, a.bytes));
}

/** The options, in turn, that bring the unit to `bar`, or as near as they can. */
export async function fineSteps(
  bench: UnitBench,
  promotions: Promotions,
  options: readonly FineOption[],
  before: Agreement,
  bar: number,
): Promise<FineStep[]> {
  const steps: FineStep[] = [];
  let left = options.filter(({ linear, fine }) => promotions.get(linear)?.[fine] !== true);
  let chosen = promotions;
  let now = before;
  // What hardly matters beside a large error may matter once that is gone: such options get another turn.
  for (let taken = 1; taken > 0 && now.cosine < bar;) {
    taken = 0;
    for (const { linear, fine, bytes } of left) {
      if (now.cosine >= bar) break;
      const candidate = withStep(chosen, linear, fine);
      const after = await bench.measure(candidate);
      if (after.relativeError > WORTH_IT * now.relativeError) continue;
      steps.push({ linear, fine, bytes, after });
      [chosen, now] = [candidate, after];
      taken++;
    }
    left = left.filter(({ linear, fine }) => chosen.get(linear)?.[fine] !== true);
  }
  return steps;
}

export function withStep(promotions: Promotions, linear: string, fine: Fine): Map<string, Promotion> {
  return new Map(promotions).set(linear, { ...promotions.get(linear), [fine]: true });
}
