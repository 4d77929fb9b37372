/**
 * open_clip's VisionTransformer in units: patches, blocks, head. Its pictures must have the size of the positional
 * embedding. The class token is the first position.
 */
import {
  TRANSFORMER_LAYER_NORM_EPSILON,
  tokenCount,
  type VitArchitecture,
} from "../architecture/architecture.ts";
import type { Dimension, GraphBuilder, Value } from "../onnx/graph-builder.ts";
import { transpose } from "../quantize/transpose.ts";
import type { Emitter } from "./emitter.ts";
import type { ReadTensor, TowerUnit } from "./tower-unit.ts";
import {
  blockActivationBytes,
  blockParameters,
  type BlockShape,
  emitTransformerBlock,
} from "./emit-transformer-block.ts";

const CHANNELS = 3;

export function vitTower(
  image: VitArchitecture,
  embeddingWidth: number,
  emitter: Emitter,
  read: ReadTensor,
): TowerUnit[] {
  const { width, patchSize, size, layers } = image;
  const tokens = tokenCount(image);
  const block: BlockShape = { ...image, causal: false };
  const shape: Dimension[] = ["batch", tokens, width];
  const patchValues = CHANNELS * patchSize ** 2;
  const units: TowerUnit[] = [];
  let value: Value = { name: "pixel_values", shape: ["batch", CHANNELS, size, size] };
  const push = (unit: Omit<TowerUnit, "input" | "output">, outputShape: Dimension[]): void => {
    const output = { name: unit.name, shape: outputShape };
    units.push({ ...unit, input: value, output });
    value = output;
  };
  const tokenBytes = tokens * width * Float32Array.BYTES_PER_ELEMENT;
  const pictureBytes = CHANNELS * size ** 2 * Float32Array.BYTES_PER_ELEMENT;

  push(
    {
      name: "patches",
      parameters: (patchValues + tokens) * width,
      peakActivationBytes: 3 * pictureBytes + 2 * tokenBytes,
      emit: (graph, x) => emitPatches(graph, x, image, emitter, read),
    },
    shape,
  );
  for (let layer = 0; layer < layers; layer++) {
    // Differs from the text tower's names, because promotions and reports refer to a block by its name.
    const name = `visual.resblocks.${layer}`;
    const tensors = `visual.transformer.resblocks.${layer}`;
    push(
      {
        name,
        parameters: blockParameters(block),
        peakActivationBytes: blockActivationBytes(block, tokens),
        emit: (graph, x) => emitTransformerBlock(graph, x, name, tensors, block, emitter, read),
      },
      shape,
    );
  }
  push(
    {
      name: "image_embeds",
      parameters: width * embeddingWidth,
      peakActivationBytes: 2 * tokenBytes,
      emit: (graph, x) => emitClassHead(graph, x, width, embeddingWidth, emitter, read),
    },
    ["batch", embeddingWidth],
  );
  return units;
}

/**
 * The first unit. The patches of the convolution do not overlap, so each patch becomes a row and the convolution a
 * linear layer, which can be int8. The class token is put in front as a row of zeros; its embedding is included in the
 * positions, which are added next. Then LayerNorm.
 */
async function emitPatches(
  graph: GraphBuilder,
  x: string,
  image: VitArchitecture,
  emitter: Emitter,
  read: ReadTensor,
): Promise<string> {
  const { width, patchSize, size } = image;
  const side = size / patchSize;
  const [name, patchValues, tokens] = ["patches", CHANNELS * patchSize ** 2, tokenCount(image)];
  const split = graph.node("Reshape", `${name}.split`, [
    x,
    graph.integers([0, CHANNELS, side, patchSize, side, patchSize]),
  ]);
  const gathered = graph.node("Transpose", `${name}.gather`, [split], { perm: [0, 2, 4, 1, 3, 5] });
  const rows = graph.node("Reshape", `${name}.rows`, [
    gathered,
    graph.integers([0, side * side, patchValues]),
  ]);
  const embedded = emitter.linear(graph, `${name}.conv1`, rows, {
    weight: await read("visual.conv1.weight"),
    output: width,
    input: patchValues,
  });
  const padded = graph.node("Pad", `${name}.pad`, [embedded, graph.integers([0, 1, 0, 0, 0, 0])]);
  const positions = (await read("visual.positional_embedding")).slice();
  for (const [i, value] of (await read("visual.class_embedding")).entries()) {
    positions[i] = (positions[i] ?? 0) + value;
  }
  const table = graph.weight(`${name}.positions`, positions, [tokens, width]);
  const placed = graph.node("Add", `${name}.placed`, [padded, table]);
  return emitter.layerNorm(graph, name, placed, await normOf("visual.ln_pre", read));
}

/** The class token, LayerNorm, projection. */
async function emitClassHead(
  graph: GraphBuilder,
  x: string,
  width: number,
  embeddingWidth: number,
  emitter: Emitter,
  read: ReadTensor,
): Promise<string> {
  const name = "image_embeds";
  const token = graph.node("Gather", "class_token", [x, graph.integers([0])], { axis: 1 });
  const pooled = graph.node("Squeeze", "class_row", [token, graph.integers([1])]);
  const normed = emitter.layerNorm(graph, "ln_post", pooled, await normOf("visual.ln_post", read), name);
  // visual.proj multiplies from the right: it is stored as input × output.
  const weight = transpose(await read("visual.proj"), width, embeddingWidth);
  return emitter.linear(graph, name, normed, { weight, output: embeddingWidth, input: width });
}

async function normOf(tensor: string, read: ReadTensor) {
  const [weight, bias] = [await read(`${tensor}.weight`), await read(`${tensor}.bias`)];
  return { weight, bias, epsilon: TRANSFORMER_LAYER_NORM_EPSILON };
}
