/**
 * A ConvNeXt block: depthwise 7×7 → LayerNorm → fc1 → GELU → fc2 → + input. The block computes a band of rows from
 * start to end before the next band. So only its input and output are whole maps, and a band's hidden activations stay
 * in the cache.
 */
import type { Activation } from "../kernels.ts";
import { takeLayerNorm } from "../layer-norm.ts";
import { takeGelu, takeLinear } from "../linear.ts";
import type { Linear } from "../linear-layer.ts";
import type { NodeCursor } from "../node-cursor.ts";
import type { ShardWeights } from "../shard-weights.ts";
import { SimdError } from "../simd-error.ts";
import { FLOAT_BYTES, type Shape, type Step, type StepCall } from "./step.ts";

const TAPS = 49;
const MARGIN = 3;
/** Channels of the padded map: 16 float32 values fill a cache line. */
const CHANNELS = 16;
/** Most bytes of fc1's output for a band: they share the second-level cache with the weights. */
const HIDDEN_BYTES = 512 * 1024;
/** The width of a padded map is rounded up to whole runs, see `kernels/depthwise.ts`. */
const RUN = 4;

interface Mlp {
  expand: Linear;
  activation: Activation;
  project: Linear;
}

export function takeConvNextBlock(cursor: NodeCursor, weights: ShardWeights, x: string): [Step, string] {
  const nchw = cursor.through("Transpose", x);
  const conv = cursor.take("Conv", nchw);
  const [channels = 0] = weights.ref(conv.inputs[1]).shape;
  const kernel = weights.reordered(conv.inputs[1], (kernels, copy, to) =>
    kernels.packChannels(copy, to, channels, TAPS, 4),
  );
  const bias = weights.floats(conv.inputs[2], channels);
  const nhwc = cursor.through("Transpose", conv.outputs[0] ?? "");
  const { norm, output: normed } = takeLayerNorm(cursor, weights, nhwc);
  const [{ expand, activation, project }, rows] = takeMlp(cursor, weights, normed);
  const output = cursor.through("Add", rows, x);

  /** Depthwise convolution of rows `first` to `first + rows` into `target`. */
  function convolve(
    { kernels, input, shape }: StepCall,
    first: number,
    count: number,
    padded: number,
    target: number,
  ) {
    const [, height = 0, width = 0] = shape;
    for (let c = 0; c < channels; c += CHANNELS) {
      const some = Math.min(CHANNELS, channels - c);
      const at = c * FLOAT_BYTES;
      kernels.padBand(input + at, padded, height, width, channels, some, first, count);
      kernels.depthwise(padded, kernel + at * TAPS, bias + at, target + at, count, width, channels, some);
    }
  }

  const bandRows = ([, height = 0, width = 0]: Shape): number =>
    Math.max(1, Math.min(height, Math.floor(HIDDEN_BYTES / (width * expand.output * FLOAT_BYTES))));

  const step: Step = {
    outputShape: (shape) => shape,
    scratch(shape) {
      const [, , width = 0] = shape;
      const positions = bandRows(shape) * width;
      const paddedWidth = RUN * Math.ceil(width / RUN) + 2 * MARGIN;
      return [
        (bandRows(shape) + 2 * MARGIN) * paddedWidth * CHANNELS * FLOAT_BYTES,
        positions * channels * FLOAT_BYTES,
        positions * expand.output * FLOAT_BYTES,
        Math.max(expand.scratchBytes(positions), project.scratchBytes(positions)),
      ];
    },
    run(call) {
      const { kernels, input, shape, output: out } = call;
      const [, height = 0, width = 0] = shape;
      const [padded = 0, band = 0, hidden = 0, scratch = 0] = call.scratch;
      const most = bandRows(shape);
      for (let first = 0; first < height; first += most) {
        const rowCount = Math.min(most, height - first);
        const positions = rowCount * width;
        const at = first * width * channels * FLOAT_BYTES;
        convolve(call, first, rowCount, padded, band);
        norm(kernels, band, band, positions);
        expand.apply({ kernels, x: band, out: hidden, rows: positions, scratch, activation });
        project.apply({ kernels, x: hidden, out: out + at, rows: positions, scratch, residual: input + at });
      }
    },
  };
  return [step, output];
}

/** Takes the MLP from the graph. The graph may have cut it into bands, which all have the same weights. */
function takeMlp(cursor: NodeCursor, weights: ShardWeights, x: string): [Mlp, string] {
  if (cursor.peek() !== "Split") return takeBand(cursor, weights, x);
  const bands = cursor.take("Split", x).outputs;
  const taken = bands.map((band) => takeBand(cursor, weights, band));
  const [first] = taken;
  if (first === undefined) throw new SimdError("a Split without outputs");
  return [first[0], cursor.through("Concat", ...taken.map(([, output]) => output))];
}

function takeBand(cursor: NodeCursor, weights: ShardWeights, x: string): [Mlp, string] {
  const [expand, expanded] = takeLinear(cursor, weights, x);
  const [activation, activated] = takeGelu(cursor, expanded);
  const [project, output] = takeLinear(cursor, weights, activated, 7);
  return [{ expand, activation, project }, output];
}
