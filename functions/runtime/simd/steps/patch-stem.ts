/**
 * The stem of a ViT. Each patch becomes a row of values, so the convolution is a matmul. Then the class token is put in
 * front, positions are added, and LayerNorm follows. The class token's embedding is contained in the first row of the
 * positions.
 */
import { takeLayerNorm } from "../layer-norm.ts";
import { takeLinear } from "../linear.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import { FLOAT_BYTES, type Step } from "./step.ts";

const CHANNELS = 3;

export function takePatchStem(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const gathered = cursor.through("Transpose", cursor.through("Reshape", x));
  const rows = cursor.through("Reshape", gathered);
  const [linear, embedded] = takeLinear(cursor, weights, rows);
  const padded = cursor.through("Pad", embedded);
  const add = cursor.take("Add", padded);
  const [tokens = 0, width = 0] = weights.ref(add.inputs[1]).shape;
  const positions = weights.floats(add.inputs[1], tokens * width);
  const { norm, output } = takeLayerNorm(cursor, weights, add.outputs[0] ?? "");
  const side = Math.sqrt(linear.input / CHANNELS);
  const patches = tokens - 1;
  if (!Number.isInteger(side) || linear.output !== width) {
    throw new SimdError(`patches of ${linear.input} values for ${width} channels`);
  }

  const step: Step = {
    outputShape([, channels, height = 0, columns = 0]) {
      const count = (height / side) * (columns / side);
      if (channels !== CHANNELS || height % side !== 0 || columns % side !== 0 || count !== patches) {
        throw new SimdError(`a picture of ${columns} × ${height} for ${patches} patches of ${side}`);
      }
      return [1, tokens, width];
    },
    scratch: () => [patches * linear.input * FLOAT_BYTES, linear.scratchBytes(patches)],
    run({ kernels, input, shape: [, , height = 0, columns = 0], output: out, scratch: buffers }) {
      const [values = 0, scratch = 0] = buffers;
      const row = (columns / side) * linear.input * FLOAT_BYTES;
      for (let y = 0; y < height / side; y++) {
        const from = input + y * side * columns * FLOAT_BYTES;
        kernels.patchifyRow(from, values + y * row, height, columns, side);
      }
      const first = width * FLOAT_BYTES;
      const behind = { out: out + first, residual: positions + first };
      linear.apply({ kernels, x: values, rows: patches, scratch, ...behind });
      norm(kernels, positions, out, 1);
      norm(kernels, out + first, out + first, patches);
    },
  };
  return [step, output];
}
