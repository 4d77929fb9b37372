/** Adds the positions' embeddings. */
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import type { Step } from "./step.ts";

export function takeTextPositions(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  cursor.take("Shape", x);
  const slice = cursor.take("Slice");
  const [positions = 0, width = 0] = weights.ref(slice.inputs[0]).shape;
  const table = weights.floats(slice.inputs[0], positions * width);
  const output = cursor.through("Add", x, slice.outputs[0] ?? "");
  const step: Step = {
    outputShape(shape) {
      const [, length = 0, columns] = shape;
      if (length > positions || columns !== width) throw new SimdError(`a text of ${shape.join(" × ")}`);
      return shape;
    },
    scratch: () => [],
    run({ kernels, input, shape: [, length = 0], output: out }) {
      kernels.add(input, table, out, length * width);
    },
  };
  return [step, output];
}
