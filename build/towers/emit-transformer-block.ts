/**
 * open_clip's pre-norm transformer block, of either tower: x + attention(ln_1(x)), then + mlp(ln_2(·)). In a text, each
 * position attends to itself and the positions before it. In a picture, each patch attends to all patches.
 */
import { TRANSFORMER_LAYER_NORM_EPSILON } from "../architecture/architecture.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { Emitter } from "./emitter.ts";
import type { ReadTensor } from "./tower-unit.ts";

export interface BlockShape {
  width: number;
  heads: number;
  /** Hidden channels of the MLP. */
  mlpWidth: number;
  quickGelu: boolean;
  /** True if a position attends only to itself and those before it. */
  causal: boolean;
}

/** Number of weights of a block, without biases and norms, which are few. */
export function blockParameters({ width, mlpWidth }: BlockShape): number {
  return 4 * width * width + 2 * mlpWidth * width;
}

/**
 * Bytes of a block's activations that are in memory at the same time: its input, inputs and outputs of the linear
 * layers (twice the widest, and the quantized copy), and the scores of every head.
 */
export function blockActivationBytes({ width, heads, mlpWidth }: BlockShape, positions: number): number {
  return (2 * positions * (width + mlpWidth) + heads * positions ** 2) * Float32Array.BYTES_PER_ELEMENT;
}

/**
 * @param name name of the block in the graph, for example `resblocks.3`
 * @param tensors prefix of its tensors' names, for example `transformer.resblocks.3`
 */
export async function emitTransformerBlock(
  graph: GraphBuilder,
  x: string,
  name: string,
  tensors: string,
  { width, heads, mlpWidth, quickGelu, causal }: BlockShape,
  emitter: Emitter,
  read: ReadTensor,
): Promise<string> {
  const tensor = (suffix: string): Promise<Float32Array> => read(`${tensors}.${suffix}`);
  const norm = async (id: string, value: string, into: string): Promise<string> => {
    const [weight, bias] = [await tensor(`${id}.weight`), await tensor(`${id}.bias`)];
    const weights = { weight, bias, epsilon: TRANSFORMER_LAYER_NORM_EPSILON };
    return emitter.layerNorm(graph, `${name}.${id}`, value, weights, `${name}.${into}`);
  };
  const linear = async (
    id: string,
    value: string,
    names: [string, string],
    output: number,
    input: number,
  ) => {
    const [weight, bias] = [await tensor(names[0]), await tensor(names[1])];
    return emitter.linear(graph, `${name}.${id}`, value, { weight, bias, output, input });
  };

  const attentionInput = await norm("ln_1", x, "attn.in_proj");
  const inProjection: [string, string] = ["attn.in_proj_weight", "attn.in_proj_bias"];
  const qkv = await linear("attn.in_proj", attentionInput, inProjection, 3 * width, width);
  const parts = ["query", "key", "value"].map((part) => `${name}.attn.${part}`);
  graph.nodes("Split", `${name}.attn.split`, [qkv], parts, { axis: -1, num_outputs: parts.length });
  const attended = graph.contrib("MultiHeadAttention", `${name}.attn`, parts, {
    num_heads: heads,
    ...(causal ? { unidirectional: 1 } : {}),
  });
  const outProjection: [string, string] = ["attn.out_proj.weight", "attn.out_proj.bias"];
  const attention = await linear("attn.out_proj", attended, outProjection, width, width);
  const middle = graph.node("Add", `${name}.middle`, [x, attention]);

  const mlpInput = await norm("ln_2", middle, "mlp.c_fc");
  const up: [string, string] = ["mlp.c_fc.weight", "mlp.c_fc.bias"];
  const expanded = await linear("mlp.c_fc", mlpInput, up, mlpWidth, width);
  const activated = quickGelu
    ? graph.contrib("QuickGelu", `${name}.mlp.gelu`, [expanded], { alpha: { float: QUICK_GELU } })
    : emitter.gelu(graph, `${name}.mlp.gelu`, expanded);
  const down: [string, string] = ["mlp.c_proj.weight", "mlp.c_proj.bias"];
  const projected = await linear("mlp.c_proj", activated, down, width, mlpWidth);
  return graph.node("Add", name, [middle, projected]);
}

/** The factor in `x · sigmoid(1.702 x)`, the activation of OpenAI's CLIP. */
const QUICK_GELU = 1.702;
