/**
 * Finds the blocks of a tower that int8 serves badly, and what to do for them. Samples flow through the tower in fp32,
 * one unit in memory at a time; each unit is measured in int8 on the same input. A unit below the bar gets scales
 * where that helps; for those still below, the bytes that the tower may grow by go to the worst first.
 *
 * Blocks that meet the floor can add up to an embedding that does not: then the bar for the blocks is raised.
 */
import { type Agreement, agreement } from "../measure/agreement.ts";
import { type Activation, type Open, outputsOf, runUnit, type Sample } from "../measure/graph-runner.ts";
import { unitFiles } from "../measure/unit-files.ts";
import type { Progress } from "../report/progress.ts";
import { Emitter } from "../towers/emitter.ts";
import type { ReadTensor } from "../towers/tower-unit.ts";
import { type FloatStep, floatSteps, withScales } from "./promote-unit.ts";
import { PROMOTION_BYTES, type Promotion, type Promotions } from "./promotion.ts";
import { type Bench, type MakeUnits, UnitBench } from "./unit-bench.ts";

export interface TowerToPromote {
  tower: "image" | "text";
  units: MakeUnits;
  read: ReadTensor;
  samples: readonly Sample[];
}

export interface PromotionOptions {
  open: Open;
  /** Least cosine to fp32, of a block given the same input and of the embedding. */
  floor: number;
  progress: Progress;
}

/** A block that was below the bar. */
export interface PromotedBlock {
  name: string;
  before: Agreement;
  after: Agreement;
  /** Layers whose scales were moved. */
  scaled: string[];
  /** Layers in float32. */
  float: string[];
  bytes: number;
}

export interface TowerPromotion {
  tower: "image" | "text";
  promotions: Promotions;
  blocks: PromotedBlock[];
  /** The block furthest from fp32, after all. */
  worst: { name: string; after: Agreement };
  /** The tower's last output, all units in int8. */
  embedding: { before: Agreement; after: Agreement };
  /** That a layer in need of float32 did not get it. */
  budgetSpent: boolean;
  bytes: number;
}

/** How often the bar may be raised, and by how much the blocks' distance from 1 is then divided. */
const RAISES = 3;
const RAISE = 4;

interface Need {
  name: string;
  before: Agreement;
  steps: FloatStep[];
}

export async function promoteTower(
  parts: TowerToPromote,
  { open, floor, progress }: PromotionOptions,
): Promise<TowerPromotion> {
  const cache = new Map<string, Promise<Float32Array>>();
  const bench: Bench = { open, units: parts.units, read: cached(parts.read, cache), samples: parts.samples };
  const names = parts.units(new Emitter("int8"), parts.read).map(({ name }) => name);
  const budget = PROMOTION_BYTES[parts.tower];
  const blocks = new Map<string, PromotedBlock>();
  const measured = new Map<string, Agreement>();
  let promotions: Map<string, Promotion> = new Map();
  let bytes = 0;
  let budgetSpent = false;

  /** One way through the tower. @returns the embeddings in fp32, and those of int8 with the promotions so far */
  async function survey(bar: number, needs: Need[]): Promise<[Activation[], Activation[]]> {
    let exact: readonly Activation[] = parts.samples.map(({ input }) => input);
    let running = exact;
    for (const [index, name] of names.entries()) {
      progress.step(`${parts.tower} tower, measuring ${name}`);
      const unit = await UnitBench.set(bench, index, exact);
      const before = await unit.measure(promotions);
      let after = before;
      if (before.cosine < bar) {
        const scaled = await withScales(unit, promotions, before);
        const layers = [...scaled.promotions.keys()].filter((layer) => !promotions.has(layer));
        [promotions, after] = [scaled.promotions, scaled.after];
        const block = blocks.get(name) ?? { name, before, after, scaled: [], float: [], bytes: 0 };
        blocks.set(name, { ...block, after, scaled: [...block.scaled, ...layers] });
        if (after.cosine < bar) {
          needs.push({ name, before: after, steps: await floatSteps(unit, promotions, after, bar) });
        }
      }
      measured.set(name, after);
      running = await unit.run(promotions, running);
      exact = unit.exact;
      cache.clear();
    }
    return [[...exact], [...running]];
  }

  function grant(needs: readonly Need[]): boolean {
    let granted = false;
    for (const { name, steps } of needs.toSorted((a, b) => a.before.cosine - b.before.cosine)) {
      for (const step of steps) {
        const block = blocks.get(name);
        if (block === undefined || bytes + step.bytes > budget) {
          budgetSpent = true;
          break;
        }
        bytes += step.bytes;
        granted = true;
        promotions.set(step.linear, { ...promotions.get(step.linear), float: true });
        measured.set(name, step.after);
        blocks.set(name, {
          ...block,
          after: step.after,
          float: [...block.float, step.linear],
          bytes: block.bytes + step.bytes,
        });
      }
    }
    return granted;
  }

  /** The tower's last output with all units in int8. */
  async function embed(chosen: Promotions): Promise<Activation[]> {
    let activations: readonly Activation[] = parts.samples.map(({ input }) => input);
    for (const [index, name] of names.entries()) {
      progress.step(`${parts.tower} tower, running ${name}`);
      const unit = bench.units(new Emitter("int8", chosen), bench.read)[index];
      if (unit === undefined) break;
      const files = await unitFiles(unit);
      activations = outputsOf(files, runUnit(open, files, parts.samples, activations));
      cache.clear();
    }
    return [...activations];
  }

  let bar = floor;
  for (let raises = 0; ; raises++) {
    const needs: Need[] = [];
    const [exact, found] = await survey(bar, needs);
    const after = agreement(exact, grant(needs) ? await embed(promotions) : found);
    if (after.cosine >= floor || raises === RAISES || budgetSpent) {
      const before = promotions.size === 0 ? after : agreement(exact, await embed(new Map()));
      const [name, agreed] = [...measured].reduce((a, b) => (b[1].cosine < a[1].cosine ? b : a));
      return {
        tower: parts.tower,
        promotions,
        blocks: [...blocks.values()],
        worst: { name, after: agreed },
        embedding: { before, after },
        budgetSpent,
        bytes,
      };
    }
    bar = 1 - (1 - bar) / RAISE;
  }
}

/** Candidates of one unit read the same tensors again and again. */
function cached(read: ReadTensor, cache: Map<string, Promise<Float32Array>>): ReadTensor {
  return (name) => {
    const known = cache.get(name) ?? read(name);
    cache.set(name, known);
    return known;
  };
}
