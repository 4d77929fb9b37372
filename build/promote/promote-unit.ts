/** What can be done for one unit: scales, which cost nothing, then float32, which costs three bytes a weight. */
import type { Agreement } from "../measure/agreement.ts";
import { channelMagnitudes, foldScales } from "./fold.ts";
import type { Promotion, Promotions } from "./promotion.ts";
import type { UnitBench } from "./unit-bench.ts";

/** Exponents tried; one layer's weights have outliers of their own, another's have none. */
const STRENGTHS = [0.5, 0.75, 0.25];
/** A change is kept if it takes at least a twentieth of the error away. */
const WORTH_IT = 0.95;
/** float32 instead of int8. */
const FLOAT_EXTRA_BYTES = 3;

/** A layer in float32, and the unit with it and all earlier steps. */
export interface FloatStep {
  linear: string;
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

/** Layers to put into float32 until the unit reaches `bar`: at each step the one that helps most for its bytes. */
export async function floatSteps(
  bench: UnitBench,
  promotions: Promotions,
  before: Agreement,
  bar: number,
): Promise<FloatStep[]> {
  const steps: FloatStep[] = [];
  const chosen = new Map(promotions);
  let left = (await bench.linears()).filter(({ name }) => promotions.get(name)?.float !== true);
  let now = before;
  while (now.cosine < bar && left.length > 0) {
    const options: FloatStep[] = [];
    for (const { name, input, output } of left) {
      const after = await bench.measure(new Map(chosen).set(name, { ...chosen.get(name), float: true }));
      options.push({ linear: name, bytes: FLOAT_EXTRA_BYTES * input * output, after });
    }
    const gain = ({ bytes, after }: FloatStep): number =>
      (now.relativeError ** 2 - after.relativeError ** 2) / bytes;
    const step = options.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    // What is left of the error is not the layers' but GELU's or rounding's.
    if (step.after.relativeError > WORTH_IT * now.relativeError && steps.length > 0) break;
    chosen.set(step.linear, { ...chosen.get(step.linear), float: true });
    left = left.filter(({ name }) => name !== step.linear);
    steps.push(step);
    now = step.after;
  }
  return steps;
}
