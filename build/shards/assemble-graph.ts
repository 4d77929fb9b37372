/** Combines units of a tower in one ONNX graph. */
import { BuildError } from "../build-error.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import type { TowerUnit } from "../towers/tower-unit.ts";

export interface AssembledGraph {
  graph: Uint8Array<ArrayBuffer>;
  /** External data, which the graph refers to as `<name>.data`. */
  data: Uint8Array<ArrayBuffer>;
  inputs: Value[];
  output: Value;
}

/** @param watched names of inner values that become outputs as well */
export async function assembleGraph(
  name: string,
  units: readonly TowerUnit[],
  watched: readonly string[] = [],
): Promise<AssembledGraph> {
  const [first, last] = [units.at(0), units.at(-1)];
  if (first === undefined || last === undefined) throw new BuildError(`shard ${name} has no units`);
  const builder = new GraphBuilder(name, `${name}.data`);
  const inputs = [first.input];
  let x = builder.input(first.input);
  for (const unit of units) {
    for (const input of unit.extraInputs ?? []) {
      builder.input(input, "int64");
      inputs.push(input);
    }
    x = await unit.emit(builder, x);
  }
  builder.output(last.output);
  for (const value of watched) builder.watch(value);
  return { ...builder.finish(), inputs, output: last.output };
}
