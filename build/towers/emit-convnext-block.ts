/**
 * A ConvNeXt block: depthwise 7×7 → LayerNorm → fc1 → GELU → fc2 → layer scale → + input. The layer scale
 * (`gamma`) multiplies fc2's output channels, so it is folded into fc2's rows and costs nothing.
 */
import { DEPTHWISE_KERNEL, CONVNEXT_LAYER_NORM_EPSILON, MLP_RATIO } from "../architecture/architecture.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { ApplyLayer, Emitter } from "./emitter.ts";
import type { ReadTensor } from "./tower-unit.ts";

export async function emitConvNextBlock(
  graph: GraphBuilder,
  x: string,
  name: string,
  { width, tiles }: { width: number; tiles: number },
  emitter: Emitter,
  read: ReadTensor,
): Promise<string> {
  const tensor = (suffix: string): Promise<Float32Array> => read(`visual.trunk.${name}.${suffix}`);
  const margin = (DEPTHWISE_KERNEL - 1) / 2;
  const kernel = [DEPTHWISE_KERNEL, DEPTHWISE_KERNEL];

  const convWeight = graph.weight(`${name}.conv_dw.weight`, await tensor("conv_dw.weight"), [
    width,
    1,
    ...kernel,
  ]);
  const convBias = graph.weight(`${name}.conv_dw.bias`, await tensor("conv_dw.bias"), [width]);
  const nchw = graph.node("Transpose", `${name}.nchw`, [x], { perm: [0, 3, 1, 2] });
  const conv = graph.node("Conv", `${name}.conv_dw`, [nchw, convWeight, convBias], {
    group: width,
    kernel_shape: kernel,
    pads: [margin, margin, margin, margin],
  });
  const nhwc = graph.node("Transpose", `${name}.nhwc`, [conv], { perm: [0, 2, 3, 1] });

  const norm = {
    weight: await tensor("norm.weight"),
    bias: await tensor("norm.bias"),
    epsilon: CONVNEXT_LAYER_NORM_EPSILON,
  };
  const normed = emitter.layerNorm(graph, `${name}.norm`, nhwc, norm, `${name}.fc1`);
  const gamma = await tensor("gamma");
  const expand = emitter.linearLayer(graph, `${name}.fc1`, {
    weight: await tensor("mlp.fc1.weight"),
    bias: await tensor("mlp.fc1.bias"),
    output: MLP_RATIO * width,
    input: width,
  });
  const project = emitter.linearLayer(graph, `${name}.fc2`, {
    weight: scaleRows(await tensor("mlp.fc2.weight"), gamma),
    bias: scaleRows(await tensor("mlp.fc2.bias"), gamma),
    output: width,
    input: MLP_RATIO * width,
  });
  const mlp = (node: string, rows: string): string =>
    project(`${node}.fc2`, emitter.gelu(graph, `${node}.gelu`, expand(`${node}.fc1`, rows)));
  return graph.node("Add", name, [tileRows(graph, name, normed, tiles, mlp), x]);
}

/**
 * Applies `layer` to `tiles` bands of rows, one after the other, so that only one band's intermediate values are in
 * memory.
 */
function tileRows(graph: GraphBuilder, name: string, x: string, tiles: number, layer: ApplyLayer): string {
  if (tiles === 1) return layer(name, x);
  const bands = Array.from({ length: tiles }, (_, tile) => `${name}.tile${tile}`);
  graph.nodes(
    "Split",
    `${name}.split`,
    [x],
    bands.map((band) => `${band}.rows`),
    { axis: 1, num_outputs: tiles },
  );
  return graph.node(
    "Concat",
    `${name}.concat`,
    bands.map((band) => layer(band, `${band}.rows`)),
    { axis: 1 },
  );
}

/** Multiplies row `n` by `factors[n]`; the number of columns follows from the lengths. */
function scaleRows(values: Float32Array, factors: Float32Array): Float32Array {
  const columns = values.length / factors.length;
  return values.map((value, i) => value * (factors[Math.floor(i / columns)] ?? 0));
}
