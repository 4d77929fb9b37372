/**
 * The stem of a ConvNeXt: 4×4 stride-4 convolution and LayerNorm. Each patch becomes a row of 48 values, so the
 * convolution is a matmul.
 */
import { ACTIVATION } from "../kernels.ts";
import { takeLayerNorm } from "../layer-norm.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

const SIDE = 4;
const PATCH = 3 * SIDE * SIDE;

export function takeImageStem(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const conv = cursor.take("Conv", x);
  const [channels = 0] = weights.ref(conv.inputs[1]).shape;
  const weight = weights.reordered(conv.inputs[1], (kernels, copy, to) =>
    kernels.packChannels(copy, to, channels, PATCH, channels),
  );
  const bias = weights.floats(conv.inputs[2], channels);
  const nhwc = cursor.through("Transpose", conv.outputs[0] ?? "");
  const { norm, output } = takeLayerNorm(cursor, weights, nhwc);
  const step: Step = {
    outputShape: ([, , height = 0, width = 0]) => [1, height / SIDE, width / SIDE, channels],
    scratch: ([, , , width = 0]) => [(width / SIDE) * PATCH * FLOAT_BYTES],
    run({ kernels, input, shape: [, , height = 0, width = 0], output: out, scratch: [patches = 0] }) {
      const columns = width / SIDE;
      for (let y = 0; y < height / SIDE; y++) {
        const row = out + y * columns * channels * FLOAT_BYTES;
        kernels.patchifyRow(input + y * SIDE * width * FLOAT_BYTES, patches, height, width, SIDE);
        kernels.matmulFloat(patches, weight, bias, 0, row, columns, channels, PATCH, ACTIVATION.none);
        norm(kernels, row, row, columns);
      }
    },
  };
  return [step, output];
}
