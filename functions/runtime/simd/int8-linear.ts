/**
 * A linear layer in int8. Activations get a scale for each row. If 8 bits are too few, the build adds further products:
 * of the activations' rounding error, and of the weights' rounding error.
 */
import {
  ACTIVATION,
  type Activation,
  activationBytes,
  LAYOUT,
  type Layout,
  layoutFor,
  orderBytes,
  type Pointer,
  ROW_PARAMETERS,
  widenedBytes,
} from "./kernels.ts";
import type { Linear } from "./linear-layer.ts";
import { matrixDimensions } from "./matrix-dimensions.ts";
import type { NodeCursor } from "./node-cursor.ts";
import type { ShardWeights } from "./shard-weights.ts";
import { SimdError } from "./simd-error.ts";

/**
 * Takes a product from the graph with the products that are added to it: `coarse + fine + rest`, see
 * `build/towers/emitter.ts`.
 * @param bits bits of activations; 8 if there are several products
 */
export function takeInt8Linear(
  cursor: NodeCursor,
  weights: ShardWeights,
  x: string,
  bits: 7 | 8,
): [Linear, string] {
  const coarse = takeProduct(cursor, x);
  const products = [coarse];
  let fineActivations = false;
  if (cursor.peek() === "DynamicQuantizeLinear" && cursor.first() === x) {
    const quantized = cursor.take("DynamicQuantizeLinear", x).outputs;
    const rounded = cursor.through("DequantizeLinear", ...quantized);
    const fine = takeProduct(cursor, cursor.through("Sub", x, rounded));
    if (fine.weight !== coarse.weight)
      throw new SimdError(`${coarse.weight}: the two products have different weights`);
    products.push(fine);
    fineActivations = true;
  }
  let restProduct: Product | undefined;
  if (cursor.peek() === "DynamicQuantizeMatMul" && cursor.first() === x) {
    restProduct = takeProduct(cursor, x);
    products.push(restProduct);
  }
  const output =
    products.length === 1
      ? coarse.output
      : cursor.through("Sum", ...products.map((product) => product.output));
  const levels = products.length === 1 ? bits : 8;
  const plane = int8Plane(weights, coarse, levels);
  const rest = restProduct && int8Plane(weights, restProduct, levels);
  return [int8Linear(weights, plane, coarse.bias, fineActivations, rest), output];
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
  if (zeroPoint) throw new SimdError(`${weight}: weights with zero points are not supported`);
  return { weight, scale, bias, output: outputs[0] ?? "" };
}

/** int8 weights in the kernel's order, with their scales and sums. */
interface Plane {
  input: number;
  output: number;
  layout: Layout;
  bits: 7 | 8;
  weight: Pointer;
  order: Pointer;
  scales: Pointer;
  sums: Pointer;
}

function int8Plane(weights: ShardWeights, { weight: name, scale }: Product, bits: 7 | 8): Plane {
  const [input, output] = matrixDimensions(weights, name, "int8");
  const layout = layoutFor(weights.dot, bits, input);
  const sums = weights.allocate(4 * output);
  const order = weights.allocate(orderBytes(layout, input, output));
  const weight = weights.reordered(name, (kernels, copy, to) =>
    kernels.packInt8(LAYOUT[layout], copy, to, order, sums, input, output),
  );
  return { input, output, layout, bits, weight, order, scales: weights.floats(scale, output), sums };
}

/** Bytes of the quantized rows' parameters, rounded up so that floats may follow. */
function parameterBytes(rows: number): number {
  return 16 * Math.ceil((ROW_PARAMETERS * rows) / 16);
}

/** @param rest the rounding error of the weights of `plane` */
function int8Linear(
  weights: ShardWeights,
  plane: Plane,
  biasName: string | undefined,
  fineActivations: boolean,
  rest: Plane | undefined,
): Linear {
  const { input, output, layout, bits } = plane;
  const bias = biasName === undefined ? 0 : weights.floats(biasName, output);
  const quantizedBytes = (rows: number): number => 16 * Math.ceil(activationBytes(layout, rows, input) / 16);
  return {
    input,
    output,
    scratchBytes: (rows) =>
      quantizedBytes(rows) +
      parameterBytes(rows) +
      widenedBytes(layout, rows, input) +
      (fineActivations ? 4 * rows * input : 0),
    apply({ kernels, x, out, rows, scratch, activation = ACTIVATION.none, residual = 0 }) {
      const parameters = scratch + quantizedBytes(rows);
      const behind = parameters + parameterBytes(rows);
      const shared = widenedBytes(layout, rows, input);
      const widened = shared > 0 ? behind : 0;
      const quantize = (from: Pointer): void =>
        kernels.quantizeRows(LAYOUT[layout], from, scratch, parameters, rows, input, 2 ** bits - 1);
      const multiply = (
        { weight, order, scales, sums }: Plane,
        withBias: Pointer,
        onto: Pointer,
        then: Activation,
      ): void => {
        const operands = [scratch, parameters, weight, order, scales, sums, withBias, onto, out] as const;
        kernels.matmulInt8(LAYOUT[layout], ...operands, rows, output, input, then, widened);
      };
      quantize(x);
      if (!fineActivations && rest === undefined) {
        multiply(plane, bias, residual, activation);
        return;
      }
      if (residual !== 0 && activation !== ACTIVATION.none)
        throw new SimdError(
          "an int8 layer of several products cannot have both an activation and a residual",
        );
      multiply(plane, bias, residual, ACTIVATION.none);
      if (rest !== undefined) multiply(rest, 0, out, ACTIVATION.none);
      if (fineActivations) {
        const left = behind + shared;
        kernels.residues(LAYOUT[layout], x, scratch, parameters, left, rows, input);
        quantize(left);
        multiply(plane, 0, out, ACTIVATION.none);
      }
      if (activation !== ACTIVATION.none) kernels.activate(out, rows * output, activation);
    },
  };
}
