/** Measures one unit of a tower with given promotions, on the same input as in fp32. */
import { type Agreement, agreement } from "../measure/agreement.ts";
import { type Activation, type Open, outputsOf, runUnit, type Sample } from "../measure/graph-runner.ts";
import { unitFiles } from "../measure/unit-files.ts";
import { type EmittedLinear, Emitter } from "../towers/emitter.ts";
import type { ReadTensor, TowerUnit } from "../towers/tower-unit.ts";
import { channelMagnitudes } from "./fold.ts";
import type { Promotions } from "./promotion.ts";

/** Makes a tower's units with an emitter. */
export type MakeUnits = (emitter: Emitter, read: ReadTensor) => TowerUnit[];

export interface Bench {
  open: Open;
  units: MakeUnits;
  read: ReadTensor;
  samples: readonly Sample[];
}

export class UnitBench {
  readonly #bench: Bench;
  readonly name: string;
  readonly #index: number;
  readonly #inputs: readonly Activation[];
  /** The unit's output in fp32. */
  readonly exact: readonly Activation[];

  private constructor(
    bench: Bench,
    name: string,
    index: number,
    inputs: readonly Activation[],
    exact: readonly Activation[],
  ) {
    this.#bench = bench;
    this.name = name;
    this.#index = index;
    this.#inputs = inputs;
    this.exact = exact;
  }

  /** @param inputs the unit's input in fp32, for each sample */
  static async set(
    bench: Bench,
    name: string,
    index: number,
    inputs: readonly Activation[],
  ): Promise<UnitBench> {
    const reference = await unitFiles(unitAt(bench, new Emitter("fp32"), index));
    const exact = outputsOf(reference, runUnit(bench.open, reference, bench.samples, inputs));
    return new UnitBench(bench, name, index, inputs, exact);
  }

  /** @returns the int8 unit's output @param inputs default: those in fp32 */
  async run(promotions: Promotions, inputs: readonly Activation[] = this.#inputs): Promise<Activation[]> {
    const unit = await unitFiles(unitAt(this.#bench, new Emitter("int8", promotions), this.#index));
    return outputsOf(unit, runUnit(this.#bench.open, unit, this.#bench.samples, inputs));
  }

  async measure(promotions: Promotions): Promise<Agreement> {
    return agreement(this.exact, await this.run(promotions));
  }

  /** The unit's linear layers. */
  async linears(): Promise<EmittedLinear[]> {
    const linears: EmittedLinear[] = [];
    const collect = new Emitter("fp32", new Map(), (linear) => void linears.push(linear));
    await unitFiles(unitAt(this.#bench, collect, this.#index));
    return linears;
  }

  /** The largest magnitude, in fp32, of each output channel of these LayerNorms, by their names. */
  async channels(norms: readonly string[]): Promise<Map<string, Float32Array>> {
    const { open, samples } = this.#bench;
    const watched = await unitFiles(unitAt(this.#bench, new Emitter("fp32"), this.#index), norms);
    const results = runUnit(open, watched, samples, this.#inputs);
    return new Map(norms.map((norm) => [norm, largest(results, norm)]));
  }
}

function unitAt({ units, read }: Bench, emitter: Emitter, index: number): TowerUnit {
  const unit = units(emitter, read)[index];
  if (unit === undefined) throw new Error(`the tower has no unit ${index}`);
  return unit;
}

/** The largest magnitude of each channel of the value `name`, over all positions and samples. */
function largest(results: readonly Record<string, Activation>[], name: string): Float32Array {
  const values = results.flatMap((result) => result[name] ?? []);
  const channels = values[0]?.shape.at(-1) ?? 0;
  const each = values.map(({ data }) => channelMagnitudes(data, channels));
  return Float32Array.from({ length: channels }, (_, j) => Math.max(...each.map((some) => some[j] ?? 0)));
}
