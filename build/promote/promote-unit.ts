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
  for (const { name, weight, channels } of await bench.linears()) {
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
 * Steps that bring the unit to `bar`, or as near as they can: at each point the free one that helps most, else the one
 * that helps most for its bytes.
 */
export async function fineSteps(
  bench: UnitBench,
  promotions: Promotions,
  before: Agreement,
  bar: number,
): Promise<FineStep[]> {
  const steps: FineStep[] = [];
  const linears = await bench.linears();
  let chosen = promotions;
  let now = before;
  while (now.cosine < bar) {
    const options: FineStep[] = [];
    for (const { name, input, output } of linears) {
      for (const fine of ["fineActivations", "fineWeights"] as const) {
        if (chosen.get(name)?.[fine] === true) continue;
        const after = await bench.measure(withStep(chosen, name, fine));
        const bytes = fine === "fineWeights" ? input * output : 0;
        if (after.relativeError <= WORTH_IT * now.relativeError)
          options.push({ linear: name, fine, bytes, after });
      }
    }
    const [first, ...rest] = options.some(({ bytes }) => bytes === 0)
      ? options.filter(({ bytes }) => bytes === 0)
      : options;
    if (first === undefined) break;
    const { relativeError } = now;
    const gain = (step: FineStep): number =>
      (relativeError ** 2 - step.after.relativeError ** 2) / Math.max(1, step.bytes);
    const step = rest.reduce((a, b) => (gain(b) > gain(a) ? b : a), first);
    steps.push(step);
    chosen = withStep(chosen, step.linear, step.fine);
    now = step.after;
  }
  return steps;
}

export function withStep(promotions: Promotions, linear: string, fine: Fine): Map<string, Promotion> {
  return new Map(promotions).set(linear, { ...promotions.get(linear), [fine]: true });
}
