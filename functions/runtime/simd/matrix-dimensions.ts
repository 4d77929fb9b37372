/** Checks that the matmul kernels can take a weight. */
import { PANEL_COLUMNS } from "./kernels.ts";
import type { ShardWeights } from "./shard-weights.ts";
import { SimdError } from "./simd-error.ts";

const K_STEP = 4;

/** The weight's dimensions, `input × output`. @throws SimdError if the kernels cannot take them */
export function matrixDimensions(
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
