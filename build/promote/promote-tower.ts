/**
 * Finds the blocks of a tower that lose too much in int8, and their promotions. Samples pass through the tower in fp32,
 * one unit in memory at a time, and each unit is measured in int8 on the same input. A unit below the floor gets scales
 * where they help, and 16 bits where scales are not enough.
 *
 * Even if every block meets the floor, the embedding may not, because errors add up. Then every block may get scales,
 * and after that, 16 bits are used where they reduce the error most.
 */
import { type Agreement, agreement } from "../measure/agreement.ts";
import { type Activation, type Open, outputsOf, runUnit, type Sample } from "../measure/graph-runner.ts";
import { unitFiles } from "../measure/unit-files.ts";
import type { Progress } from "../report/progress.ts";
import { Emitter } from "../towers/emitter.ts";
import type { ReadTensor } from "../towers/tower-unit.ts";
import { byWorth, fineOptions, type FineStep, stepsTo, withScales, withStep } from "./promote-unit.ts";
import type { Promotion, Promotions } from "./promotion.ts";
import { type Bench, type MakeUnits, UnitBench } from "./unit-bench.ts";

export interface TowerToPromote {
  tower: "image" | "text";
  units: MakeUnits;
  read: ReadTensor;
  /** Inputs of the tower in fp32. */
  samples: readonly Sample[];
  /** The same inputs in the built model, where token embeddings are int8 as well. */
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

/** A block's agreement with fp32 on the same input, and its promotions. */
export interface PromotedBlock {
  name: string;
  before: Agreement;
  after: Agreement;
  /** Layers that got scales. */
  scaled: string[];
  /** Layers whose activations, or whose weights, have 16 bits. */
  fineActivations: string[];
  fineWeights: string[];
  bytes: number;
}

export interface TowerPromotion {
  tower: "image" | "text";
  promotions: Promotions;
  /** The blocks that were below the floor or were promoted. */
  blocks: PromotedBlock[];
  /** The block furthest from fp32 after the promotions. */
  worst: { name: string; after: Agreement };
  /** The tower's last output, all units in int8. */
  embedding: { before: Agreement; after: Agreement };
  /** True if the token table shall stay float32. This only needs space in R2, because isolates hold few of its rows. */
  exactInput: boolean;
  /** True if a layer did not get the bytes that it needs. */
  budgetSpent: boolean;
  /** Bytes that the tower grew by, and its limit. */
  bytes: number;
  budgetBytes: number;
}

/** The most rounds of promoting blocks to improve the embedding. The embedding is measured after each round. */
const ATTEMPTS = 6;
/** An attempt aims at this share of the distance from 1 that the floor allows. */
const AIM = 0.9;

/** If the input's rounding causes more than this share of the allowed error, the token table stays float32. */
const INPUT_SHARE = 0.1;
/** The largest factor by which a block is assumed to change an error; the estimates come from few samples. */
const MAX_GROWTH = 10;

/** A block with a cosine below `scales` gets scales, one below `fine` gets 16 bits. */
interface Bars {
  scales: number;
  fine: number;
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
  /** Tensors of the present unit, because all of its candidates read the same ones. */
  readonly #cache = new Map<string, Promise<Float32Array>>();
  readonly #names: string[];
  readonly #blocks = new Map<string, PromotedBlock>();
  /** The units with their outputs in fp32, which every round needs: about 25 MB a picture at 256 pixels. */
  readonly #units: UnitBench[] = [];
  /** Factors from the squared error of each unit, and of the input, to the squared error of the embedding. */
  #weights: number[] = [];
  #inputWeight = 1;
  #inputs: readonly Sample[];
  #promotions: Map<string, Promotion> = new Map();
  #bytes = 0;
  #budgetSpent = false;

  constructor(parts: TowerToPromote, open: Open, progress: Progress) {
    this.#parts = parts;
    const { units, samples, read } = parts;
    this.#bench = { open, units, samples, read: (name) => this.#read(name) };
    this.#inputs = parts.built;
    this.#progress = progress;
    this.#names = units(new Emitter("int8"), read).map(({ name }) => name);
  }

  async promote(floor: number): Promise<TowerPromotion> {
    let after = await this.#round({ scales: floor, fine: floor });
    // Scales only cost time during the build, so all blocks get them before any block gets 16 bits.
    if (after.cosine < floor) after = await this.#round({ scales: 1, fine: floor });
    if (after.cosine < floor) after = await this.#spread(after, floor);
    const exactInput = this.#inputs !== this.#parts.built;
    this.#inputs = this.#parts.built;
    const before = this.#promotions.size === 0 ? after : await this.#embed(new Map());
    const blocks = [...this.#blocks.values()];
    return {
      tower: this.#parts.tower,
      promotions: this.#promotions,
      blocks: blocks.filter((block) => block.before.cosine < floor || block.after !== block.before),
      worst: blocks.reduce((a, b) => (b.after.cosine < a.after.cosine ? b : a)),
      exactInput,
      embedding: { before, after },
      budgetSpent: this.#budgetSpent,
      bytes: this.#bytes,
      budgetBytes: this.#parts.budgetBytes,
    };
  }

  /** Promotes blocks below the bars, in one pass through the tower. @returns the embedding's agreement afterwards */
  async #round(bars: Bars): Promise<Agreement> {
    let exact: readonly Activation[] = inputsOf(this.#parts.samples);
    const below: FineStep[][] = [];
    for (const [index, name] of this.#names.entries()) {
      this.#progress.step(`${this.#parts.tower} tower, measuring ${name}`);
      const unit = this.#units[index] ?? (await UnitBench.set(this.#bench, name, index, exact));
      this.#units[index] = unit;
      below.push(await this.#improve(unit, bars));
      exact = unit.exact;
      this.#cache.clear();
    }
    // The worst block first, because the budget may not be enough for all.
    for (const steps of below.toSorted((a, b) => (b[0]?.error ?? 0) - (a[0]?.error ?? 0))) {
      for (const step of steps) this.#take(step);
    }
    await this.#measureAgain(below.flat());
    return await this.#embed(this.#promotions);
  }

  /** Gives a unit scales if it needs them. @returns the steps to 16 bits that it still needs */
  async #improve(unit: UnitBench, bars: Bars): Promise<FineStep[]> {
    const { name } = unit;
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
    return block.after.cosine < bars.fine
      ? await stepsTo(bars.fine, unit, this.#promotions, block.after)
      : [];
  }

  /**
   * Takes options from all blocks until the embedding meets the floor: first those that cost no bytes, then those that
   * reduce the error most for their bytes. A block's error is weighted by its effect on the embedding.
   */
  async #spread(from: Agreement, floor: number): Promise<Agreement> {
    const share = (after: Agreement): number => (AIM * (1 - floor)) / (1 - after.cosine);
    let after = from;
    if (this.#inputError() > share(after) * this.#error() * INPUT_SHARE) {
      this.#inputs = this.#parts.samples;
      after = await this.#embed(this.#promotions);
    }
    for (let attempt = 0; attempt < ATTEMPTS && after.cosine < floor; attempt++) {
      let error = this.#error();
      const wanted = share(after) * error;
      const options = (await this.#options(wanted / this.#units.length)).toSorted(byWorth);
      // A small gain cannot be measured well beside large errors, so options that cost bytes are measured again after
      // the free ones were taken.
      const free = options.filter(({ bytes }) => bytes === 0);
      const taken: FineStep[] = [];
      for (const option of free.length > 0 ? free : options) {
        if (error <= wanted) break;
        if (!this.#take(option)) continue;
        taken.push(option);
        error -= option.gain;
      }
      if (taken.length === 0) break;
      await this.#measureAgain(taken);
      after = await this.#embed(this.#promotions);
    }
    return after;
  }

  /** Options for units whose part of the error is more than `bearable`. Gains are in squared error of the embedding. */
  async #options(bearable: number): Promise<FineStep[]> {
    const options: FineStep[] = [];
    for (const [index, unit] of this.#units.entries()) {
      const block = this.#blocks.get(unit.name);
      const weight = this.#weights[index] ?? 1;
      if (block === undefined || weight * block.after.relativeError ** 2 < bearable) continue;
      this.#progress.step(`${this.#parts.tower} tower, options for ${unit.name}`);
      const found = await fineOptions(unit, this.#promotions, block.after);
      for (const option of found) options.push({ ...option, gain: weight * option.gain });
      this.#cache.clear();
    }
    return options;
  }

  /** The square of the embedding's relative error, estimated from the errors of the blocks. */
  #error(): number {
    const blocks = [...this.#blocks.values()];
    const weighted = blocks.map(({ after }, i) => (this.#weights[i] ?? 1) * after.relativeError ** 2);
    return weighted.reduce((sum, each) => sum + each, this.#inputError());
  }

  /** The part of the input's rounding in that square. */
  #inputError(): number {
    const { relativeError } = agreement(inputsOf(this.#parts.samples), inputsOf(this.#inputs));
    return this.#inputWeight * relativeError ** 2;
  }

  /** Applies a step. @returns false if the budget has too few bytes left */
  #take({ unit, linear, fine, bytes }: FineStep): boolean {
    const block = this.#blocks.get(unit);
    if (block === undefined || this.#bytes + bytes > this.#parts.budgetBytes) {
      this.#budgetSpent = true;
      return false;
    }
    this.#bytes += bytes;
    this.#promotions = withStep(this.#promotions, linear, fine);
    const layers = [...block[fine], linear];
    this.#blocks.set(unit, { ...block, [fine]: layers, bytes: block.bytes + bytes });
    return true;
  }

  async #measureAgain(changed: readonly FineStep[]): Promise<void> {
    const names = new Set(changed.map(({ unit }) => unit));
    for (const unit of this.#units) {
      const block = this.#blocks.get(unit.name);
      if (block === undefined || !names.has(unit.name)) continue;
      this.#blocks.set(unit.name, { ...block, after: await unit.measure(this.#promotions) });
      this.#cache.clear();
    }
  }

  /** Compares the tower's output in int8 with that in fp32, and measures how each block changes earlier errors. */
  async #embed(promotions: Promotions): Promise<Agreement> {
    const { open, units, samples, read } = this.#bench;
    let activations: readonly Activation[] = inputsOf(this.#inputs);
    let found = agreement(inputsOf(samples), activations);
    const growth: number[] = [];
    for (const [index, unit] of units(new Emitter("int8", promotions), read).entries()) {
      this.#progress.step(`${this.#parts.tower} tower, running ${unit.name}`);
      const files = await unitFiles(unit);
      activations = outputsOf(files, runUnit(open, files, samples, activations));
      const before = found.relativeError ** 2;
      found = agreement(this.#units[index]?.exact ?? [], activations);
      // The error minus the block's own error comes from before the block.
      const own = (this.#blocks.get(unit.name)?.after.relativeError ?? 0) ** 2;
      const grown = before === 0 ? 1 : (found.relativeError ** 2 - own) / before;
      growth.push(Math.min(MAX_GROWTH, Math.max(1 / MAX_GROWTH, grown)));
      this.#cache.clear();
    }
    const after = (index: number): number => growth.slice(index).reduce((product, each) => product * each, 1);
    this.#weights = growth.map((_, index) => after(index + 1));
    this.#inputWeight = after(0);
    return found;
  }

  #read(name: string): Promise<Float32Array> {
    const tensor = this.#cache.get(name) ?? this.#parts.read(name);
    this.#cache.set(name, tensor);
    return tensor;
  }
}

function inputsOf(samples: readonly Sample[]): Activation[] {
  return samples.map(({ input }) => input);
}
