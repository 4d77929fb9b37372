/** The head of a ViT: class token, LayerNorm, projection. */
import { takeLayerNorm } from "../layer-norm.ts";
import { takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

export function takeClassHead(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const row = cursor.through("Squeeze", cursor.through("Gather", x));
  const { norm, width, output: normed } = takeLayerNorm(cursor, weights, row);
  const [linear, output] = takeLinear(cursor, weights, normed);
  const step: Step = {
    outputShape: () => [1, linear.output],
    scratch: () => [width * FLOAT_BYTES, linear.scratchBytes(1)],
    run({ kernels, input, output: out, scratch: [token = 0, scratch = 0] }) {
      norm(kernels, input, token, 1);
      linear.apply({ kernels, x: token, out, rows: 1, scratch });
    },
  };
  return [step, output];
}
