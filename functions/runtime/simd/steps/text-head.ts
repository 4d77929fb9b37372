/** The end-of-text row, LayerNorm, projection. */
import { takeLayerNorm } from "../layer-norm.ts";
import { takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

export function takeTextHead(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const gather = cursor.take("GatherND", x);
  const index = gather.inputs[1] ?? "";
  const { norm, width, output: normed } = takeLayerNorm(cursor, weights, gather.outputs[0] ?? "");
  const [linear, output] = takeLinear(cursor, weights, normed);
  const step: Step = {
    outputShape: () => [1, linear.output],
    scratch: () => [width * FLOAT_BYTES, linear.scratchBytes(1)],
    run({ kernels, input, shape: [, length = 0], output: out, scratch: [row = 0, scratch = 0], extra }) {
      const end = extra.get(index);
      if (end === undefined || !(end >= 0 && end < length))
        throw new SimdError(`${index} is ${end} of ${length}`);
      norm(kernels, input + end * width * FLOAT_BYTES, row, 1);
      linear.apply({ kernels, x: row, out, rows: 1, scratch });
    },
  };
  return [step, output];
}
