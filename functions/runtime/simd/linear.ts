/** Takes linear layers from a graph, in int8 or float32, with the nodes that are fused with them. */
import { takeInt8Linear } from "./int8-linear.ts";
import { ACTIVATION, type Activation } from "./kernels.ts";
import type { Linear } from "./linear-layer.ts";
import { matrixDimensions } from "./matrix-dimensions.ts";
import type { NodeCursor } from "./node-cursor.ts";
import type { ShardWeights } from "./shard-weights.ts";

/**
 * Takes the one or two nodes of a linear layer applied to `x`.
 * @returns the layer and its output's name
 * @param bits bits of quantized activations; most hosts multiply 7 bits faster than 8
 */
export function takeLinear(
  cursor: NodeCursor,
  weights: ShardWeights,
  x: string,
  bits: 7 | 8 = 8,
): [Linear, string] {
  if (cursor.peek() === "DynamicQuantizeMatMul") return takeInt8Linear(cursor, weights, x, bits);
  const { inputs, outputs } = cursor.take("MatMul", x);
  const product = outputs[0] ?? "";
  // If the next node adds to the product, it is the bias; any other Add is not part of the layer.
  const isBias = cursor.peek() === "Add" && cursor.first() === product;
  if (!isBias) return [floatLinear(weights, inputs[1], undefined), product];
  const add = cursor.take("Add", product);
  return [floatLinear(weights, inputs[1], add.inputs[1]), add.outputs[0] ?? ""];
}

function floatLinear(weights: ShardWeights, name: string | undefined, biasName: string | undefined): Linear {
  const [input, output] = matrixDimensions(weights, name, "float32");
  const weight = weights.floats(name, input * output);
  const bias = biasName === undefined ? 0 : weights.floats(biasName, output);
  return {
    input,
    output,
    scratchBytes: () => 0,
    apply({ kernels, x, out, rows, activation = ACTIVATION.none, residual = 0 }) {
      kernels.matmulFloat(x, weight, bias, residual, out, rows, output, input, activation);
    },
  };
}

/**
 * Takes the GELU of `x`.
 * @returns its form and its output's name
 */
export function takeGelu(cursor: NodeCursor, x: string): [Activation, string] {
  if (cursor.peek() === "FastGelu") return [ACTIVATION.tanhGelu, cursor.through("FastGelu", x)];
  if (cursor.peek() === "QuickGelu") return [ACTIVATION.quickGelu, cursor.through("QuickGelu", x)];
  return [ACTIVATION.erfGelu, cursor.through("Gelu", x)];
}
