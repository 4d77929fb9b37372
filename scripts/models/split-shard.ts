/**
 * Cuts a built shard into its units. The units have the shard's own nodes and weights, so that the built model is
 * measured, but the input and output of each unit can be read.
 */
import { type UnitFiles } from "../../build/measure/graph-runner.ts";
import { DATA_TYPE, ModelProto } from "../../build/onnx/proto.ts";
import type { Shard } from "../../model-shards/manifest.ts";

interface Named {
  name: string;
}

interface Node extends Named {
  input: string[];
  output: string[];
}

interface Model {
  graph: { name: string; node: Node[]; initializer: Named[]; input: Named[]; output: Named[] };
}

/**
 * @param graph the shard's ONNX graph
 * @param weights its external data
 * @throws Error if the graph lacks the output of a unit that the manifest lists
 */
export function splitShard(shard: Shard, graph: Uint8Array, weights: Uint8Array): UnitFiles[] {
  const model = ModelProto.decode(graph) as unknown as Model;
  const data = new Map([[shard.weights.file, weights]]);
  let input = shard.inputs[0]?.name ?? "";
  let start = 0;
  return shard.holds.split(" ").map((name) => {
    // A unit's output has the unit's name, and its nodes follow one another.
    const end = 1 + model.graph.node.findIndex(({ output }) => output.includes(name));
    if (end <= start) throw new Error(`${shard.graph.file} does not compute ${name}`);
    const unit = { name, graph: cut(model, start, end, input, name), data, input, output: name };
    [start, input] = [end, name];
    return unit;
  });
}

function cut(model: Model, start: number, end: number, input: string, output: string): Uint8Array {
  const { graph } = model;
  const node = graph.node.slice(start, end);
  const taken = new Set(node.flatMap((each) => each.input));
  const inside = (value: Named): boolean => taken.has(value.name);
  const borders = graph.input.filter(inside);
  const known = borders.some(({ name }) => name === input);
  return ModelProto.encode({
    ...model,
    graph: {
      ...graph,
      node,
      initializer: graph.initializer.filter(inside),
      input: known ? borders : [floats(input), ...borders],
      output: [floats(output)],
    },
  }).finish();
}

/** A float32 value whose shape is left to inference. */
function floats(name: string): object {
  return { name, type: { tensorType: { elemType: DATA_TYPE.float32 } } };
}
