/**
 * timm's ConvNeXt, as open_clip uses it, in units. Activations are NHWC, so that LayerNorm and the linear layers work
 * on the last axis. onnxruntime has depthwise convolutions in NCHW only, so these are between two transposes.
 */
import {
  type ConvNextArchitecture,
  CONVNEXT_LAYER_NORM_EPSILON,
  MLP_RATIO,
  STEM_STRIDE,
} from "../architecture/architecture.ts";
import type { Dimension, GraphBuilder, Value } from "../onnx/graph-builder.ts";
import { emitConvNextBlock } from "./emit-convnext-block.ts";
import type { Emitter } from "./emitter.ts";
import type { ReadTensor, TowerUnit } from "./tower-unit.ts";

/**
 * Number of bands in which the MLPs of a stage run. The first stage's maps are the largest, and fc1 makes them four
 * times larger. Without bands, they take twice the memory of everything else and do not fit the cache. The size of maps
 * halves from stage to stage.
 */
const MLP_TILES = [4, 2];

const TO_NCHW = { perm: [0, 3, 1, 2] };
const TO_NHWC = { perm: [0, 2, 3, 1] };

/** `batch × height/stride × width/stride × channels`. */
function hidden(stride: number, channels: number): Dimension[] {
  return ["batch", `height_div_${stride}`, `width_div_${stride}`, channels];
}

export function convNextTower(
  { depths, widths, size }: ConvNextArchitecture,
  embeddingWidth: number,
  emitter: Emitter,
  read: ReadTensor,
): TowerUnit[] {
  const units: TowerUnit[] = [];
  let stride = STEM_STRIDE;
  let value: Value = { name: "pixel_values", shape: ["batch", 3, "height", "width"] };
  const push = (unit: Omit<TowerUnit, "input" | "output">, shape: Dimension[]): void => {
    const output = { name: unit.name, shape };
    units.push({ ...unit, input: value, output });
    value = output;
  };
  const mapBytes = (channels: number): number =>
    (size / stride) ** 2 * channels * Float32Array.BYTES_PER_ELEMENT;

  widths.forEach((width, stage) => {
    const previous = widths[stage - 1] ?? 3;
    if (stage === 0) {
      const emit = (graph: GraphBuilder, x: string): Promise<string> =>
        emitStem(graph, x, width, emitter, read);
      const parameters = width * previous * STEM_STRIDE ** 2;
      push(
        { name: "stem", parameters, peakActivationBytes: 3 * mapBytes(width), emit },
        hidden(stride, width),
      );
    } else {
      stride *= 2;
      const name = `stages.${stage}.downsample`;
      const emit = (graph: GraphBuilder, x: string): Promise<string> =>
        emitDownsample(graph, x, name, previous, width, emitter, read);
      const peakActivationBytes = 3 * mapBytes(4 * previous);
      push({ name, parameters: width * previous * 4, peakActivationBytes, emit }, hidden(stride, width));
    }
    const tiles = MLP_TILES[stage] ?? 1;
    for (let block = 0; block < (depths[stage] ?? 0); block++) {
      const name = `stages.${stage}.blocks.${block}`;
      const emit = (graph: GraphBuilder, x: string): Promise<string> =>
        emitConvNextBlock(graph, x, name, { width, tiles }, emitter, read);
      // Measured with onnxruntime-web 1.30: four maps, and fc1's and GELU's outputs of one band.
      const peakActivationBytes = (4 + (2 * MLP_RATIO) / tiles) * mapBytes(width);
      push(
        { name, parameters: 2 * MLP_RATIO * width * width, peakActivationBytes, emit },
        hidden(stride, width),
      );
    }
  });

  const width = widths.at(-1) ?? 0;
  const emit = (graph: GraphBuilder, x: string): Promise<string> =>
    emitHead(graph, x, width, embeddingWidth, emitter, read);
  const parameters = width * embeddingWidth;
  push({ name: "image_embeds", parameters, peakActivationBytes: mapBytes(width), emit }, [
    "batch",
    embeddingWidth,
  ]);
  return units;
}

/**
 * 4×4 stride-4 convolution and LayerNorm. Always fp32: it is only 1 % of the work, and its input is the raw picture.
 */
async function emitStem(graph: GraphBuilder, x: string, width: number, emitter: Emitter, read: ReadTensor) {
  const conv = "visual.trunk.stem.0";
  const weight = graph.weight(`${conv}.weight`, await read(`${conv}.weight`), [
    width,
    3,
    STEM_STRIDE,
    STEM_STRIDE,
  ]);
  const bias = graph.weight(`${conv}.bias`, await read(`${conv}.bias`), [width]);
  const patches = graph.node("Conv", "stem.conv", [x, weight, bias], { strides: [STEM_STRIDE, STEM_STRIDE] });
  const nhwc = graph.node("Transpose", "stem.nhwc", [patches], TO_NHWC);
  return await emitNorm(graph, nhwc, "stem", "visual.trunk.stem.1", emitter, read);
}

/** LayerNorm, then a 2×2 stride-2 convolution as space-to-depth and a linear layer, so that it can be int8. */
async function emitDownsample(
  graph: GraphBuilder,
  x: string,
  name: string,
  previous: number,
  width: number,
  emitter: Emitter,
  read: ReadTensor,
) {
  const normed = await emitNorm(graph, x, `${name}.norm`, `visual.trunk.${name}.0`, emitter, read, name);
  const nchw = graph.node("Transpose", `${name}.nchw`, [normed], TO_NCHW);
  const packed = graph.node("SpaceToDepth", `${name}.pack`, [nchw], { blocksize: 2 });
  const nhwc = graph.node("Transpose", `${name}.nhwc`, [packed], TO_NHWC);
  return emitter.linear(graph, name, nhwc, {
    weight: packConvWeight(await read(`visual.trunk.${name}.1.weight`), width, previous),
    bias: await read(`visual.trunk.${name}.1.bias`),
    output: width,
    input: 4 * previous,
  });
}

/** `output × input × 2 × 2` → `output × (2 × 2 × input)`: the order of channels in ONNX's SpaceToDepth. */
function packConvWeight(weight: Float32Array, output: number, input: number): Float32Array {
  const packed = new Float32Array(weight.length);
  for (let o = 0; o < output; o++) {
    for (let i = 0; i < input; i++) {
      for (let tap = 0; tap < 4; tap++) {
        packed[(o * 4 + tap) * input + i] = weight[(o * input + i) * 4 + tap] ?? 0;
      }
    }
  }
  return packed;
}

/** Global average pool, LayerNorm, projection. */
async function emitHead(
  graph: GraphBuilder,
  x: string,
  width: number,
  embeddingWidth: number,
  emitter: Emitter,
  read: ReadTensor,
) {
  const pooled = graph.node("ReduceMean", "head.pool", [x, graph.integers([1, 2])], { keepdims: 0 });
  const [norm, name] = ["visual.trunk.head.norm", "image_embeds"];
  const normed = await emitNorm(graph, pooled, "head.norm", norm, emitter, read, name);
  const weight = await read("visual.head.proj.weight");
  return emitter.linear(graph, name, normed, { weight, output: embeddingWidth, input: width });
}

async function emitNorm(
  graph: GraphBuilder,
  x: string,
  name: string,
  tensor: string,
  emitter: Emitter,
  read: ReadTensor,
  into?: string,
) {
  const [weight, bias] = [await read(`${tensor}.weight`), await read(`${tensor}.bias`)];
  return emitter.layerNorm(graph, name, x, { weight, bias, epsilon: CONVNEXT_LAYER_NORM_EPSILON }, into);
}
