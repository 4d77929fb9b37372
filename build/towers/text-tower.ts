/**
 * open_clip's causal text transformer in units. The token table is not part of the graph, so the caller looks up its
 * rows. The first unit adds the positions; the last one takes each text's end-of-text row. Attention is causal and only
 * the end-of-text row is used, so a graph may run on exactly as many positions as the text has.
 */
import {
  type Architecture,
  MLP_RATIO,
  TRANSFORMER_LAYER_NORM_EPSILON,
} from "../architecture/architecture.ts";
import type { Dimension, Value } from "../onnx/graph-builder.ts";
import { transpose } from "../quantize/transpose.ts";
import type { Emitter } from "./emitter.ts";
import type { ReadTensor, TowerUnit } from "./tower-unit.ts";
import {
  blockActivationBytes,
  blockParameters,
  type BlockShape,
  emitTransformerBlock,
} from "./emit-transformer-block.ts";

/** Where each text ends: the row index of its end-of-text token, `batch × 1`. */
const EOT_INDEX: Value = { name: "eot_index", shape: ["batch", 1] };

export function textTower(architecture: Architecture, emitter: Emitter, read: ReadTensor): TowerUnit[] {
  const { width, layers, contextLength } = architecture.text;
  const block: BlockShape = { ...architecture.text, mlpWidth: MLP_RATIO * width, causal: true };
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
      parameters: blockParameters(block),
      input: { name: units.at(-1)?.output.name ?? "", shape },
      output: { name, shape },
      peakActivationBytes: blockActivationBytes(block, contextLength),
      emit: (graph, x) => emitTransformerBlock(graph, x, name, `transformer.${name}`, block, emitter, read),
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
        epsilon: TRANSFORMER_LAYER_NORM_EPSILON,
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
