/**
 * Finds the blocks of a tower that int8 serves badly, and what to do for them. Samples flow through the tower in fp32,
 * one unit in memory at a time; each unit is measured in int8 on the same input. A unit below the floor gets
 * scales where that helps; for those still below, the bytes that the tower may grow by go to the worst first.
 *
 * Blocks that meet the floor can add up to an embedding that does not: then every block may have scales, and after that
 * the bar for 16 bits is raised, step by step.
 */
import { type Agreement, agreement } from "../measure/agreement.ts";
import { type Activation, type Open, outputsOf, runUnit, type Sample } from "../measure/graph-runner.ts";
import { unitFiles } from "../measure/unit-files.ts";
import type { Progress } from "../report/progress.ts";
import { Emitter } from "../towers/emitter.ts";
import type { ReadTensor } from "../towers/tower-unit.ts";
import {
  type FineOption,
  fineOptions,
  type FineStep,
  fineSteps,
  withScales,
  withStep,
} from "./promote-unit.ts";
import type { Promotion, Promotions } from "./promotion.ts";
import { type Bench, type MakeUnits, UnitBench } from "./unit-bench.ts";

export interface TowerToPromote {
  tower: "image" | "text";
  units: MakeUnits;
  read: ReadTensor;
  /** What goes in, in fp32. */
  samples: readonly Sample[];
  /** The same as the built tower will have it: token embeddings are int8, too. */
  built: readonly Sample[];
  /** Bytes that the tower may grow by. */
  budgetBytes: number;
}

export interface PromotionOptions {
  open: Open;
  /** Least cosine to fp32, of a block given the same input and of the embedding. */
  floor: number;
  progress: Progress;
}

/** A block, given the same input as in fp32, and what was done for it. */
export interface PromotedBlock {
  name: string;
  before: Agreement;
  after: Agreement;
  /** Layers whose scales were moved. */
  scaled: string[];
  /** Layers whose activations, or whose weights, have 16 bits. */
  fineActivations: string[];
  fineWeights: string[];
  bytes: number;
}

export interface TowerPromotion {
  tower: "image" | "text";
  promotions: Promotions;
  /** Those that were below the floor or that something was done for. */
  blocks: PromotedBlock[];
  /** The block furthest from fp32, after all. */
  worst: { name: string; after: Agreement };
  /** The tower's last output, all units in int8. */
  embedding: { before: Agreement; after: Agreement };
  /** That a layer in need of more bytes did not get them. */
  budgetSpent: boolean;
  /** What the tower grew by, and what it was allowed. */
  bytes: number;
  budgetBytes: number;
}

/** How often the bar for 16 bits may be raised. */
const RAISES = 4;
/** Of the embedding's distance from 1 that the floor allows, the share that a raised bar aims at. */
const AIM = 0.9;

interface Need {
  name: string;
  before: Agreement;
  steps: FineStep[];
}

/** Least cosines: a block below one gets scales, or 16 bits. */
interface Bars {
  scales: number;
  fine: number;
  /** Only what takes no bytes. */
  freeOnly?: boolean;
}

export async function promoteTower(
  parts: TowerToPromote,
  { open, floor, progress }: PromotionOptions,
): Promise<TowerPromotion> {
  return await new TowerPromoter(parts, open, progress).promote(floor);
}

class TowerPromoter {
  readonly #parts: TowerToPromote;
  readonly #bench: Bench;
  readonly #progress: Progress;
  /** Tensors of the unit at hand: its candidates read the same ones again and again. */
  readonly #cache = new Map<string, Promise<Float32Array>>();
  readonly #names: string[];
  readonly #blocks = new Map<string, PromotedBlock>();
  /** With their outputs in fp32, which every round needs: at 256 pixels some 25 MB a picture. */
  readonly #units: UnitBench[] = [];
  readonly #options = new Map<string, FineOption[]>();
  #promotions: Map<string, Promotion> = new Map();
  #bytes = 0;
  #budgetSpent = false;

  constructor(parts: TowerToPromote, open: Open, progress: Progress) {
    this.#parts = parts;
    const { units, samples, read } = parts;
    this.#bench = { open, units, samples, read: (name) => this.#read(name) };
    this.#progress = progress;
    this.#names = units(new Emitter("int8"), read).map(({ name }) => name);
  }

  async promote(floor: number): Promise<TowerPromotion> {
    const first = await this.#round({ scales: floor, fine: floor });
    const { exact } = first;
    let { after } = first;
    // Scales cost nothing but time: all blocks get them before any gets more bytes.
    if (after.cosine < floor) ({ after } = await this.#round({ scales: 1, fine: floor }));
    for (let raise = 0; after.cosine < floor && raise < RAISES && !this.#budgetSpent; raise++) {
      const errors = [...this.#blocks.values()].map((block) => 1 - block.after.cosine);
      const bar = 1 - leveled(errors, (AIM * (1 - floor)) / (1 - after.cosine));
      // The first time without bytes: what takes time alone may be enough.
      ({ after } = await this.#round({ scales: 0, fine: bar, freeOnly: raise === 0 }));
    }
    const before = this.#promotions.size === 0 ? after : agreement(exact, await this.#embed(new Map()));
    const blocks = [...this.#blocks.values()];
    return {
      tower: this.#parts.tower,
      promotions: this.#promotions,
      blocks: blocks.filter((block) => block.before.cosine < floor || block.after !== block.before),
      worst: blocks.reduce((a, b) => (b.after.cosine < a.after.cosine ? b : a)),
      embedding: { before, after },
      budgetSpent: this.#budgetSpent,
      bytes: this.#bytes,
      budgetBytes: this.#parts.budgetBytes,
    };
  }

  /** @returns the embeddings in fp32, and how near int8 with all promotions comes to them */
  async #round(bars: Bars): Promise<{ exact: readonly Activation[]; after: Agreement }> {
    const needs: Need[] = [];
    const { exact, running } = await this.#survey(bars, needs);
    const found = this.#grant(needs, bars.freeOnly) ? await this.#embed(this.#promotions) : running;
    return { exact, after: agreement(exact, found) };
  }

  /** Once through the tower. @returns its output in fp32 and in int8 with the promotions so far */
  async #survey(bars: Bars, needs: Need[]) {
    let exact: readonly Activation[] = this.#parts.samples.map(({ input }) => input);
    let running: readonly Activation[] = this.#parts.built.map(({ input }) => input);
    for (const [index, name] of this.#names.entries()) {
      this.#progress.step(`${this.#parts.tower} tower, measuring ${name}`);
      const unit = this.#units[index] ?? (await UnitBench.set(this.#bench, index, exact));
      this.#units[index] = unit;
      await this.#improve(unit, name, bars, needs);
      running = await unit.run(this.#promotions, running);
      exact = unit.exact;
      this.#cache.clear();
    }
    return { exact, running };
  }

  async #improve(unit: UnitBench, name: string, bars: Bars, needs: Need[]): Promise<void> {
    let block = this.#blocks.get(name);
    if (block === undefined) {
      const before = await unit.measure(this.#promotions);
      block = { name, before, after: before, scaled: [], fineActivations: [], fineWeights: [], bytes: 0 };
    }
    if (block.after.cosine < bars.scales && block.scaled.length === 0) {
      const { promotions, after } = await withScales(unit, this.#promotions, block.after);
      const scaled = [...promotions.keys()].filter((layer) => !this.#promotions.has(layer));
      this.#promotions = promotions;
      block = { ...block, after, scaled };
    }
    this.#blocks.set(name, block);
    if (block.after.cosine < bars.fine) {
      const known = this.#options.get(name);
      const options = known ?? (await fineOptions(unit, this.#promotions, block.after));
      this.#options.set(name, options);
      const steps = await fineSteps(unit, this.#promotions, options, block.after, bars.fine);
      needs.push({ name, before: block.after, steps });
    }
  }

  /** Grants the steps that the budget has room for, those of the worst block first. @returns whether there were any */
  #grant(needs: readonly Need[], freeOnly = false): boolean {
    let granted = false;
    for (const { name, steps } of needs.toSorted((a, b) => a.before.cosine - b.before.cosine)) {
      for (const { linear, fine, bytes, after } of steps) {
        const block = this.#blocks.get(name);
        // Steps build on one another: what follows one that is not taken was measured with it.
        if (freeOnly && bytes > 0) break;
        if (block === undefined || this.#bytes + bytes > this.#parts.budgetBytes) {
          this.#budgetSpent = true;
          break;
        }
        granted = true;
        this.#bytes += bytes;
        this.#promotions = withStep(this.#promotions, linear, fine);
        this.#blocks.set(name, {
          ...block,
          after,
          [fine]: [...block[fine], linear],
          bytes: block.bytes + bytes,
        });
      }
    }
    return granted;
  }

  /** The tower's output in int8. */
  async #embed(promotions: Promotions): Promise<readonly Activation[]> {
    const { open, units, samples, read } = this.#bench;
    let activations: readonly Activation[] = this.#parts.built.map(({ input }) => input);
    for (const unit of units(new Emitter("int8", promotions), read)) {
      this.#progress.step(`${this.#parts.tower} tower, running ${unit.name}`);
      const files = await unitFiles(unit);
      activations = outputsOf(files, runUnit(open, files, samples, activations));
      this.#cache.clear();
    }
    return activations;
  }

  #read(name: string): Promise<Float32Array> {
    const tensor = this.#cache.get(name) ?? this.#parts.read(name);
    this.#cache.set(name, tensor);
    return tensor;
  }
}

/** Up to where errors may reach for their sum to be `share` of what it is: the largest are cut, all others stay. */
function leveled(errors: readonly number[], share: number): number {
  const sum = (level: number): number => errors.reduce((total, error) => total + Math.min(error, level), 0);
  const wanted = share * sum(Infinity);
  let [low, high] = [0, Math.max(...errors)];
  while (high - low > 1e-3 * high) {
    const middle = (low + high) / 2;
    if (sum(middle) > wanted) high = middle;
    else low = middle;
  }
  return low;
}
