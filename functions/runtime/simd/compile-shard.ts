/**
 * Turns an ONNX graph into steps. The operators at the start of a unit (a stem, block, downsample or head) tell which
 * unit it is.
 */
import { NodeCursor } from "./node-cursor.ts";
import type { Graph } from "./onnx/read-graph.ts";
import type { ShardWeights } from "./shard-weights.ts";
import { SimdError } from "./simd-error.ts";
import { takeClassHead } from "./steps/class-head.ts";
import { takeConvNextBlock } from "./steps/convnext-block.ts";
import { takeDownsample } from "./steps/downsample.ts";
import { takeImageHead } from "./steps/image-head.ts";
import { takeImageStem } from "./steps/image-stem.ts";
import { takePatchStem } from "./steps/patch-stem.ts";
import type { Step } from "./steps/step.ts";
import { takeTextHead } from "./steps/text-head.ts";
import { takeTextPositions } from "./steps/text-positions.ts";
import { takeTransformerBlock } from "./steps/transformer-block.ts";

type TakeUnit = (cursor: NodeCursor, weights: ShardWeights, x: string) => [Step, string];

/**
 * @param names names of the graph's activation input and of its output
 * @throws SimdError if the graph is not a sequence of units that the towers have
 */
export function compileShard(
  graph: Graph,
  weights: ShardWeights,
  names: { input: string; output: string },
): Step[] {
  const cursor = new NodeCursor(graph.nodes);
  const steps: Step[] = [];
  let x = names.input;
  while (cursor.peek() !== undefined) {
    const [step, output] = unitAt(cursor)(cursor, weights, x);
    steps.push(step);
    x = output;
  }
  if (x !== names.output) throw new SimdError(`the graph ends with ${x}, not with ${names.output}`);
  return steps;
}

function unitAt(cursor: NodeCursor): TakeUnit {
  const [first, second] = [cursor.peek(), cursor.peek(1)];
  if (first === "Conv") return takeImageStem;
  if (first === "Transpose") return takeConvNextBlock;
  if (first === "LayerNormalization") return second === "Transpose" ? takeDownsample : takeTransformerBlock;
  if (first === "ReduceMean") return takeImageHead;
  if (first === "Shape") return takeTextPositions;
  if (first === "GatherND") return takeTextHead;
  if (first === "Reshape") return takePatchStem;
  if (first === "Gather") return takeClassHead;
  throw new SimdError(`no unit of a tower begins with ${first}`);
}
