/** LayerNorm, then a 2×2 stride-2 convolution. Each 2×2 positions become one row, so the convolution is a matmul. */
import { takeLayerNorm } from "../layer-norm.ts";
import { takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

export function takeDownsample(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const { norm, width: channels, output: normed } = takeLayerNorm(cursor, weights, x);
  const packed = cursor.through("SpaceToDepth", cursor.through("Transpose", normed));
  const nhwc = cursor.through("Transpose", packed);
  const [linear, output] = takeLinear(cursor, weights, nhwc);
  const step: Step = {
    outputShape: ([, height = 0, width = 0]) => [1, height / 2, width / 2, linear.output],
    scratch: ([, , width = 0]) => [
      2 * width * channels * FLOAT_BYTES,
      2 * width * channels * FLOAT_BYTES,
      linear.scratchBytes(width / 2),
    ],
    run({ kernels, input, shape: [, height = 0, width = 0], output: out, scratch: buffers }) {
      const [pair = 0, rows = 0, scratch = 0] = buffers;
      for (let y = 0; y < height / 2; y++) {
        norm(kernels, input + 2 * y * width * channels * FLOAT_BYTES, pair, 2 * width);
        kernels.spaceToDepth(pair, rows, width, channels);
        const to = out + y * (width / 2) * linear.output * FLOAT_BYTES;
        linear.apply({ kernels, x: rows, out: to, rows: width / 2, scratch });
      }
    },
  };
  return [step, output];
}
