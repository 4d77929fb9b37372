/**
 * A linear layer, `x @ weight + bias`, and what is fused with it. Quantized activations get a scale for each row. Where
 * 8 bits are too few, the build adds up several products: of what 8 bits leave of the activations, or of the weights.
 */
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
  if (cursor.peek() === "DynamicQuantizeMatMul") return takeInt8Linear(cursor, weights, x);
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

/** Takes a product, and the further ones that are added to it: `coarse + fine + rest`, see `build/towers/emitter.ts`. */
function takeInt8Linear(cursor: NodeCursor, weights: ShardWeights, x: string): [Linear, string] {
  const coarse = takeProduct(cursor, x);
  const products = [coarse];
  let fineActivations = false;
  if (cursor.peek() === "DynamicQuantizeLinear" && cursor.first() === x) {
    const quantized = cursor.take("DynamicQuantizeLinear", x).outputs;
    const rounded = cursor.through("DequantizeLinear", ...quantized);
    const fine = takeProduct(cursor, cursor.through("Sub", x, rounded));
    if (fine.weight !== coarse.weight) throw new SimdError(`${coarse.weight}: not the same weights again`);
    products.push(fine);
    fineActivations = true;
  }
  let rest: Plane | undefined;
  if (cursor.peek() === "DynamicQuantizeMatMul" && cursor.first() === x) {
    const product = takeProduct(cursor, x);
    products.push(product);
    rest = int8Plane(weights, product);
  }
  const output =
    products.length === 1
      ? coarse.output
      : cursor.through("Sum", ...products.map((product) => product.output));
  return [int8Linear(weights, int8Plane(weights, coarse), coarse.bias, fineActivations, rest), output];
}

interface Product {
  weight: string | undefined;
  scale: string | undefined;
  bias: string | undefined;
  output: string;
}

function takeProduct(cursor: NodeCursor, x: string): Product {
  const { inputs, outputs } = cursor.take("DynamicQuantizeMatMul", x);
  const [, weight, scale, zeroPoint, bias] = inputs;
  if (zeroPoint) throw new SimdError(`${weight}: weights with zero points`);
  return { weight, scale, bias, output: outputs[0] ?? "" };
}

/** int8 weights where the kernel wants them, with their scales and sums. */
interface Plane {
  input: number;
  output: number;
  weight: Pointer;
  scales: Pointer;
  sums: Pointer;
}

function int8Plane(weights: ShardWeights, { weight: name, scale }: Product): Plane {
  const [input, output] = dimensions(weights, name, "int8");
  const sums = weights.allocate(4 * output);
  const weight = weights.reordered(name, (kernels, copy, to) =>
    kernels.packInt8(copy, to, sums, input, output),
  );
  return { input, output, weight, scales: weights.floats(scale, output), sums };
}

/** Of quantized rows' parameters, up to where floats may follow. */
function parameterBytes(rows: number): number {
  return 16 * Math.ceil((ROW_PARAMETERS * rows) / 16);
}

/** @param rest what rounding took from the weights of `plane` */
function int8Linear(
  weights: ShardWeights,
  plane: Plane,
  biasName: string | undefined,
  fineActivations: boolean,
  rest: Plane | undefined,
): Linear {
  const { input, output } = plane;
  const bias = biasName === undefined ? 0 : weights.floats(biasName, output);
  const isFine = fineActivations || rest !== undefined;
  /** Of a plane of quantized activations. */
  const planeBytes = (rows: number): number => 16 * Math.ceil(((rows + SLACK_ROWS) * input) / 16);
  return {
    input,
    output,
    scratchBytes: (rows) =>
      2 * planeBytes(rows) + parameterBytes(rows) + (fineActivations ? 4 * rows * input : 0),
    apply({ kernels, x, out, rows, scratch, bits = 8, activation = ACTIVATION.none, residual = 0 }) {
      const low = (isFine || bits === 8) && !kernels.takesBytes ? scratch + planeBytes(rows) : 0;
      const parameters = scratch + 2 * planeBytes(rows);
      const quantize = (from: Pointer): void =>
        kernels.quantizeRows(from, scratch, low, parameters, rows, input, 2 ** (isFine ? 8 : bits) - 1);
      const multiply = (
        { weight, scales, sums }: Plane,
        withBias: Pointer,
        onto: Pointer,
        then: Activation,
      ): void => {
        const operands = [scratch, low, parameters, weight, scales, sums, withBias, onto, out] as const;
        kernels.matmulInt8(...operands, rows, output, input, then);
      };
      quantize(x);
      if (!isFine) {
        multiply(plane, bias, residual, activation);
        return;
      }
      if (residual !== 0 && activation !== ACTIVATION.none)
        throw new SimdError("an activation before a residual");
      multiply(plane, bias, residual, ACTIVATION.none);
      if (rest !== undefined) multiply(rest, 0, out, ACTIVATION.none);
      if (fineActivations) {
        const left = parameters + parameterBytes(rows);
        kernels.residues(x, scratch, low, parameters, left, rows, input);
        quantize(left);
        multiply(plane, 0, out, ACTIVATION.none);
      }
      if (activation !== ACTIVATION.none) kernels.activate(out, rows * output, activation);
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
