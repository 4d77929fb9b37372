/** Adds the embeddings of positions; each text starts at the first position. */
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

export function takeTextPositions(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  cursor.take("Shape", x);
  const slice = cursor.take("Slice");
  const [positions = 0, width = 0] = weights.ref(slice.inputs[0]).shape;
  const table = weights.floats(slice.inputs[0], positions * width);
  const output = cursor.through("Add", x, slice.outputs[0] ?? "");
  const step: Step = {
    outputShape(shape, texts) {
      const [, length = 0, columns] = shape;
      if (texts === 0) throw new SimdError("the end of the text is not given");
      if (length > texts * positions || columns !== width)
        throw new SimdError(`a text of ${shape.join(" × ")}`);
      return shape;
    },
    scratch: () => [],
    run({ kernels, input, texts, output: out }) {
      for (const { start, length } of texts) {
        if (length > positions) throw new SimdError(`a text of ${length} positions`);
        const at = start * width * FLOAT_BYTES;
        kernels.add(input + at, table, out + at, length * width);
      }
    },
  };
  return [step, output];
}
