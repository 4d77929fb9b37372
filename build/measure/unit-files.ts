/** Makes a graph of one unit of a tower, in memory. */
import type { UnitFiles } from "./graph-runner.ts";
import { assembleGraph } from "../shards/assemble-graph.ts";
import type { TowerUnit } from "../towers/tower-unit.ts";

/** @param watched names of inner values that become outputs as well */
export async function unitFiles(unit: TowerUnit, watched: readonly string[] = []): Promise<UnitFiles> {
  const { graph, data, inputs, output } = await assembleGraph("unit", [unit], watched);
  return {
    name: unit.name,
    graph,
    data: new Map([["unit.data", data]]),
    input: inputs[0]?.name ?? "",
    output: output.name,
  };
}
