/**
 * A linear layer in int8. Activations get a scale for each row. Where 8 bits are too few, the build adds up several
 * products: of what 8 bits leave of the activations, of what they leave of the weights.
 */
import { ACTIVATION, type Activation, type Pointer, ROW_PARAMETERS, SLACK_ROWS } from "./kernels.ts";
import type { Linear } from "./linear.ts";
import { matrixDimensions } from "./matrix-dimensions.ts";
import type { NodeCursor } from "./node-cursor.ts";
import type { ShardWeights } from "./shard-weights.ts";
import { SimdError } from "./simd-error.ts";

/** Takes a product, and the further ones that are added to it: `coarse + fine + rest`, see `build/towers/emitter.ts`. */
export function takeInt8Linear(cursor: NodeCursor, weights: ShardWeights, x: string): [Linear, string] {
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
  const [input, output] = matrixDimensions(weights, name, "int8");
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
