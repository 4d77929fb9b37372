/** A linear layer, `x @ weight + bias`, and what is fused with it. Quantized activations get a scale for each row. */
import {
  ACTIVATION,
  type Activation,
  type Kernels,
  type Pointer,
  ROW_PARAMETERS,
  SLACK_ROWS,
} from "./kernels.ts";
import type { NodeCursor } from "./node-cursor.ts";
import type { ShardWeights } from "./shard-weights.ts";
import { SimdError } from "./simd-error.ts";

export interface LinearCall {
  kernels: Kernels;
  /** float32, `rows × input`. */
  x: Pointer;
  /** float32, `rows × output`. */
  out: Pointer;
  rows: number;
  /** `scratchBytes(rows)` bytes. */
  scratch: Pointer;
  /** Of quantized activations; 8 unless given. 7 take half the time where `takesBytes` is false. */
  bits?: 7 | 8;
  activation?: Activation;
  /** Added at the end, `rows × output`; none if 0. */
  residual?: Pointer;
}

export interface Linear {
  readonly input: number;
  readonly output: number;
  scratchBytes(rows: number): number;
  apply(call: LinearCall): void;
}

/** Columns of a panel of packed weights. */
const PANEL_COLUMNS = 8;
const K_STEP = 4;

/** Takes the node, or the two, of a linear layer applied to `x`, and gives the layer and its output's name. */
export function takeLinear(cursor: NodeCursor, weights: ShardWeights, x: string): [Linear, string] {
  if (cursor.peek() === "DynamicQuantizeMatMul") {
    const { inputs, outputs } = cursor.take("DynamicQuantizeMatMul", x);
    const [, weight, scale, zeroPoint, bias] = inputs;
    if (zeroPoint) throw new SimdError(`${weight}: weights with zero points`);
    return [int8Linear(weights, weight, scale, bias), outputs[0] ?? ""];
  }
  const { inputs, outputs } = cursor.take("MatMul", x);
  const product = outputs[0] ?? "";
  // An Add of the product is the bias; any other belongs to the graph.
  const isBias = cursor.peek() === "Add" && cursor.first() === product;
  if (!isBias) return [floatLinear(weights, inputs[1], undefined), product];
  const add = cursor.take("Add", product);
  return [floatLinear(weights, inputs[1], add.inputs[1]), add.outputs[0] ?? ""];
}

/** The weight's `input × output`. @throws SimdError if the kernels cannot take them */
function dimensions(
  weights: ShardWeights,
  name: string | undefined,
  type: "int8" | "float32",
): [number, number] {
  const ref = weights.ref(name);
  const [input = 0, output = 0] = ref.shape;
  if (ref.type !== type || ref.shape.length !== 2)
    throw new SimdError(`weight ${name}: not a ${type} matrix`);
  if (input % K_STEP !== 0 || output % PANEL_COLUMNS !== 0) {
    throw new SimdError(
      `weight ${name}: ${input} × ${output} is not a multiple of ${K_STEP} × ${PANEL_COLUMNS}`,
    );
  }
  return [input, output];
}

function int8Linear(
  weights: ShardWeights,
  name: string | undefined,
  scaleName: string | undefined,
  biasName: string | undefined,
): Linear {
  const [input, output] = dimensions(weights, name, "int8");
  const sums = weights.allocate(4 * output);
  const weight = weights.reordered(name, (kernels, copy, to) =>
    kernels.packInt8(copy, to, sums, input, output),
  );
  const scales = weights.floats(scaleName, output);
  const bias = biasName === undefined ? 0 : weights.floats(biasName, output);
  /** Of a plane of quantized activations. */
  const planeBytes = (rows: number): number => 16 * Math.ceil(((rows + SLACK_ROWS) * input) / 16);
  return {
    input,
    output,
    scratchBytes: (rows) => 2 * planeBytes(rows) + ROW_PARAMETERS * rows,
    apply({ kernels, x, out, rows, scratch, bits = 8, activation = ACTIVATION.none, residual = 0 }) {
      const { quantizeRows, matmulInt8, takesBytes } = kernels;
      const low = bits === 8 && !takesBytes ? scratch + planeBytes(rows) : 0;
      const parameters = scratch + 2 * planeBytes(rows);
      quantizeRows(x, scratch, low, parameters, rows, input, 2 ** bits - 1);
      const operands = [scratch, low, parameters, weight, scales, sums, bias, residual, out] as const;
      matmulInt8(...operands, rows, output, input, activation);
    },
  };
}

function floatLinear(weights: ShardWeights, name: string | undefined, biasName: string | undefined): Linear {
  const [input, output] = dimensions(weights, name, "float32");
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

/** Takes the GELU of `x`: which form, and its output's name. */
export function takeGelu(cursor: NodeCursor, x: string): [Activation, string] {
  if (cursor.peek() === "FastGelu") return [ACTIVATION.tanhGelu, cursor.through("FastGelu", x)];
  return [ACTIVATION.erfGelu, cursor.through("Gelu", x)];
}
