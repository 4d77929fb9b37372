/**
 * The image tower as a plain export writes it, for comparison. It has the layout of the PyTorch module, convolutions in
 * float32, and LayerNorm and GELU (erf) as the small operators that exporters write. Its int8 is the usual dynamic
 * quantization: `DynamicQuantizeLinear` and `MatMulInteger` with one scale for each weight tensor. onnxruntime may fuse
 * operators when it loads the graph; this is part of the comparison.
 */
import {
  DEPTHWISE_KERNEL,
  CONVNEXT_LAYER_NORM_EPSILON,
  MLP_RATIO,
  STEM_STRIDE,
} from "../../../build/architecture/architecture.ts";
import type { Architecture } from "../../../build/architecture/architecture.ts";
import { GraphBuilder } from "../../../build/onnx/graph-builder.ts";
import type { Precision } from "../../../build/towers/emitter.ts";
import type { ReadTensor } from "../../../build/towers/tower-unit.ts";
import { transpose } from "../../../build/quantize/transpose.ts";

const TO_NHWC = { perm: [0, 2, 3, 1] };
const TO_NCHW = { perm: [0, 3, 1, 2] };
const INT8_MAX = 127;
/** ONNX's number for float32, which `Cast` takes. */
const FLOAT = 1;

export interface StraightExport {
  graph: Uint8Array<ArrayBuffer>;
  data: Uint8Array<ArrayBuffer>;
}

/** Name of the file of weights, as the graph refers to it. */
export const DATA_FILE = "straight.data";

export async function straightExport(
  { image, embeddingWidth }: Architecture,
  precision: Precision,
  read: ReadTensor,
): Promise<StraightExport> {
  if (image.architecture !== "convnext") throw new Error("the straight export supports only a ConvNeXt");
  const graph = new GraphBuilder("straight", DATA_FILE);
  const emit = new StraightEmitter(graph, precision, read);
  let x = graph.input({ name: "pixel_values", shape: [1, 3, image.size, image.size] });
  let previous = 3;
  for (const [stage, width] of image.widths.entries()) {
    if (stage === 0) {
      x = await emit.conv("stem", "visual.trunk.stem.0", x, [width, previous, STEM_STRIDE, STEM_STRIDE], {
        strides: [STEM_STRIDE, STEM_STRIDE],
      });
      x = await emit.norm2d("stem.norm", "visual.trunk.stem.1", x, width);
    } else {
      const tensor = `visual.trunk.stages.${stage}.downsample`;
      x = await emit.norm2d(`stages.${stage}.norm`, `${tensor}.0`, x, previous);
      x = await emit.conv(`stages.${stage}.down`, `${tensor}.1`, x, [width, previous, 2, 2], {
        strides: [2, 2],
      });
    }
    for (let block = 0; block < (image.depths[stage] ?? 0); block++) {
      x = await emit.block(`stages.${stage}.blocks.${block}`, x, width);
    }
    previous = width;
  }
  const pooled = graph.node("GlobalAveragePool", "pool", [x]);
  const flat = graph.node("Reshape", "flat", [pooled, graph.integers([1, previous])]);
  const normed = await emit.norm("head.norm", "visual.trunk.head.norm", flat, previous);
  const weight = await read("visual.head.proj.weight");
  emit.linear("image_embeds", normed, weight, undefined, embeddingWidth, previous);
  graph.output({ name: "image_embeds", shape: [1, embeddingWidth] });
  return graph.finish();
}

class StraightEmitter {
  readonly #graph: GraphBuilder;
  readonly #precision: Precision;
  readonly #read: ReadTensor;

  constructor(graph: GraphBuilder, precision: Precision, read: ReadTensor) {
    this.#graph = graph;
    this.#precision = precision;
    this.#read = read;
  }

  async conv(
    name: string,
    tensor: string,
    x: string,
    shape: number[],
    attributes: Record<string, number | number[]>,
  ): Promise<string> {
    const weight = this.#graph.weight(`${name}.weight`, await this.#read(`${tensor}.weight`), shape);
    const bias = this.#graph.weight(`${name}.bias`, await this.#read(`${tensor}.bias`), [shape[0] ?? 0]);
    return this.#graph.node("Conv", name, [x, weight, bias], { kernel_shape: shape.slice(2), ...attributes });
  }

  async block(name: string, x: string, width: number): Promise<string> {
    const graph = this.#graph;
    const tensor = `visual.trunk.${name}`;
    const margin = (DEPTHWISE_KERNEL - 1) / 2;
    const shape = [width, 1, DEPTHWISE_KERNEL, DEPTHWISE_KERNEL];
    const conv = await this.conv(`${name}.conv`, `${tensor}.conv_dw`, x, shape, {
      group: width,
      pads: [margin, margin, margin, margin],
    });
    const nhwc = graph.node("Transpose", `${name}.nhwc`, [conv], TO_NHWC);
    const normed = await this.norm(`${name}.norm`, `${tensor}.norm`, nhwc, width);
    const mlp = async (layer: string): Promise<[Float32Array, Float32Array]> => [
      await this.#read(`${tensor}.mlp.${layer}.weight`),
      await this.#read(`${tensor}.mlp.${layer}.bias`),
    ];
    const wide = this.linear(`${name}.fc1`, normed, ...(await mlp("fc1")), MLP_RATIO * width, width);
    const active = this.#gelu(`${name}.gelu`, wide);
    const narrow = this.linear(`${name}.fc2`, active, ...(await mlp("fc2")), width, MLP_RATIO * width);
    const back = graph.node("Transpose", `${name}.nchw`, [narrow], TO_NCHW);
    const gamma = graph.weight(`${name}.gamma`, await this.#read(`${tensor}.gamma`), [1, width, 1, 1]);
    return graph.node("Add", name, [graph.node("Mul", `${name}.scaled`, [back, gamma]), x]);
  }

  /** LayerNorm over the channels of NCHW, between two transposes. */
  async norm2d(name: string, tensor: string, x: string, width: number): Promise<string> {
    const nhwc = this.#graph.node("Transpose", `${name}.nhwc`, [x], TO_NHWC);
    const normed = await this.norm(`${name}.norm`, tensor, nhwc, width);
    return this.#graph.node("Transpose", name, [normed], TO_NCHW);
  }

  async norm(name: string, tensor: string, x: string, width: number): Promise<string> {
    const graph = this.#graph;
    const axes = graph.integers([-1]);
    const mean = graph.node("ReduceMean", `${name}.mean`, [x, axes]);
    const centred = graph.node("Sub", `${name}.centred`, [x, mean]);
    const squares = graph.node("Pow", `${name}.squares`, [centred, this.#scalar("two", 2)]);
    const variance = graph.node("ReduceMean", `${name}.variance`, [squares, axes]);
    const safe = graph.node("Add", `${name}.safe`, [
      variance,
      this.#scalar("epsilon", CONVNEXT_LAYER_NORM_EPSILON),
    ]);
    const deviation = graph.node("Sqrt", `${name}.deviation`, [safe]);
    const unit = graph.node("Div", `${name}.unit`, [centred, deviation]);
    const weight = graph.weight(`${name}.weight`, await this.#read(`${tensor}.weight`), [width]);
    const bias = graph.weight(`${name}.bias`, await this.#read(`${tensor}.bias`), [width]);
    return graph.node("Add", name, [graph.node("Mul", `${name}.scaled`, [unit, weight]), bias]);
  }

  linear(
    name: string,
    x: string,
    weight: Float32Array,
    bias: Float32Array | undefined,
    output: number,
    input: number,
  ): string {
    const graph = this.#graph;
    const product = bias === undefined ? name : `${name}.product`;
    if (this.#precision === "fp32") {
      const transposed = graph.weight(`${name}.weight`, transpose(weight, output, input), [input, output]);
      graph.node("MatMul", product, [x, transposed]);
    } else {
      const [levels, step, zero] = [`${name}.levels`, `${name}.step`, `${name}.zero`];
      graph.nodes("DynamicQuantizeLinear", `${name}.quantize`, [x], [levels, step, zero]);
      const scale = weight.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / INT8_MAX;
      const rounded = Int8Array.from(transpose(weight, output, input), (value) => Math.round(value / scale));
      const quantized = graph.weight(`${name}.weight`, rounded, [input, output]);
      const sums = graph.node("MatMulInteger", `${name}.sums`, [levels, quantized, zero]);
      const cast = graph.node("Cast", `${name}.cast`, [sums], { to: FLOAT });
      const scales = graph.node("Mul", `${name}.scales`, [
        step,
        graph.weight(`${name}.scale`, Float32Array.of(scale), [1]),
      ]);
      graph.node("Mul", product, [cast, scales]);
    }
    if (bias === undefined) return name;
    return graph.node("Add", name, [graph.weight(`${name}.bias`, bias, [output]), product]);
  }

  /** `x/2 · (1 + erf(x/√2))`. */
  #gelu(name: string, x: string): string {
    const graph = this.#graph;
    const erf = graph.node("Erf", `${name}.erf`, [
      graph.node("Div", `${name}.div`, [x, this.#scalar("sqrt2", Math.SQRT2)]),
    ]);
    const sum = graph.node("Add", `${name}.sum`, [erf, this.#scalar("one", 1)]);
    return graph.node("Mul", name, [graph.node("Mul", `${name}.mul`, [x, sum]), this.#scalar("half", 0.5)]);
  }

  readonly #scalars = new Map<string, string>();

  /** A scalar, stored as a weight; equal scalars are stored once. */
  #scalar(name: string, value: number): string {
    const known = this.#scalars.get(name);
    if (known !== undefined) return known;
    const made = this.#graph.weight(`scalar.${name}`, Float32Array.of(value), []);
    this.#scalars.set(name, made);
    return made;
  }
}
