/** The head of a ConvNeXt: global average pool, LayerNorm, projection. */
import { takeLayerNorm } from "../layer-norm.ts";
import { takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

export function takeImageHead(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const pooled = cursor.through("ReduceMean", x);
  const { norm, width, output: normed } = takeLayerNorm(cursor, weights, pooled);
  const [linear, output] = takeLinear(cursor, weights, normed);
  const step: Step = {
    outputShape: () => [1, linear.output],
    scratch: () => [width * FLOAT_BYTES, linear.scratchBytes(1)],
    run({ kernels, input, shape: [, rows = 0, columns = 0], output: out, scratch: [row = 0, scratch = 0] }) {
      kernels.meanOfRows(input, row, rows * columns, width);
      norm(kernels, row, row, 1);
      linear.apply({ kernels, x: row, out, rows: 1, scratch });
    },
  };
  return [step, output];
}
