/**
 * open_clip's causal text transformer as units. Token rows are gathered outside (the table is not part of the
 * graph); the first unit adds the positions, the last one takes each text's end-of-text row. Attention is causal
 * and the pooled row is the last one that counts, so a graph may be run on exactly as many positions as a text has.
 */
import { type Architecture, MLP_RATIO, TEXT_LAYER_NORM_EPSILON } from "../architecture/architecture.ts";
import type { Dimension, GraphBuilder, Value } from "../onnx/graph-builder.ts";
import { transpose } from "../quantize/transpose.ts";
import type { Emitter } from "./emitter.ts";
import type { ReadTensor, TowerUnit } from "./tower-unit.ts";

/** Where each text ends: the row index of its end-of-text token, `batch × 1`. */
const EOT_INDEX: Value = { name: "eot_index", shape: ["batch", 1] };

export function textTower(architecture: Architecture, emitter: Emitter, read: ReadTensor): TowerUnit[] {
  const { width, layers, heads, contextLength } = architecture.text;
  const shape: Dimension[] = ["batch", "length", width];
  const rowBytes = contextLength * width * Float32Array.BYTES_PER_ELEMENT;
  const units: TowerUnit[] = [
    {
      name: "positions",
      parameters: contextLength * width,
      input: { name: "inputs_embeds", shape },
      output: { name: "positions", shape },
      peakActivationBytes: 2 * rowBytes,
      emit: async (graph, x) => {
        const table = await read("positional_embedding");
        const positions = graph.weight("positional_embedding", table, [contextLength, width]);
        const length = graph.node("Shape", "length", [x], { start: 1, end: 2 });
        const rows = graph.node("Slice", "positions.rows", [positions, graph.integers([0]), length]);
        return graph.node("Add", "positions", [x, rows]);
      },
    },
  ];
  for (let layer = 0; layer < layers; layer++) {
    const name = `resblocks.${layer}`;
    units.push({
      name,
      parameters: (4 + 2 * MLP_RATIO) * width * width,
      input: { name: units.at(-1)?.output.name ?? "", shape },
      output: { name, shape },
      // Input, both MLP maps and the uint8 copy, and the attention scores.
      peakActivationBytes: (2 + 2 * MLP_RATIO) * rowBytes + heads * contextLength ** 2 * 4,
      emit: (graph, x) => emitResidualBlock(graph, x, name, architecture, emitter, read),
    });
  }
  units.push({
    name: "text_embeds",
    parameters: width * architecture.embeddingWidth,
    input: { name: units.at(-1)?.output.name ?? "", shape },
    extraInputs: [EOT_INDEX],
    output: { name: "text_embeds", shape: ["batch", architecture.embeddingWidth] },
    peakActivationBytes: rowBytes,
    emit: async (graph, x) => {
      const pooled = graph.node("GatherND", "eot_rows", [x, EOT_INDEX.name], { batch_dims: 1 });
      const norm = {
        weight: await read("ln_final.weight"),
        bias: await read("ln_final.bias"),
        epsilon: TEXT_LAYER_NORM_EPSILON,
      };
      const normed = emitter.layerNorm(graph, "ln_final", pooled, norm, "text_embeds");
      // text_projection multiplies from the right: it is stored as input × output.
      const projection = transpose(await read("text_projection"), width, architecture.embeddingWidth);
      return emitter.linear(graph, "text_embeds", normed, {
        weight: projection,
        output: architecture.embeddingWidth,
        input: width,
      });
    },
  });
  return units;
}

/** Pre-norm block: x + attention(ln_1(x)), then + mlp(ln_2(·)). */
async function emitResidualBlock(
  graph: GraphBuilder,
  x: string,
  name: string,
  { text: { width, heads } }: Architecture,
  emitter: Emitter,
  read: ReadTensor,
): Promise<string> {
  const tensor = (suffix: string): Promise<Float32Array> => read(`transformer.${name}.${suffix}`);
  const norm = async (id: string, value: string, into: string): Promise<string> => {
    const [weight, bias] = [await tensor(`${id}.weight`), await tensor(`${id}.bias`)];
    const weights = { weight, bias, epsilon: TEXT_LAYER_NORM_EPSILON };
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
    unidirectional: 1,
  });
  const outProjection: [string, string] = ["attn.out_proj.weight", "attn.out_proj.bias"];
  const attention = await linear("attn.out_proj", attended, outProjection, width, width);
  const middle = graph.node("Add", `${name}.middle`, [x, attention]);

  const mlpInput = await norm("ln_2", middle, "mlp.c_fc");
  const up: [string, string] = ["mlp.c_fc.weight", "mlp.c_fc.bias"];
  const expanded = await linear("mlp.c_fc", mlpInput, up, MLP_RATIO * width, width);
  const activated = emitter.gelu(graph, `${name}.mlp.gelu`, expanded);
  const down: [string, string] = ["mlp.c_proj.weight", "mlp.c_proj.bias"];
  const projected = await linear("mlp.c_proj", activated, down, width, MLP_RATIO * width);
  return graph.node("Add", name, [middle, projected]);
}
