/**
 * Reads the architecture off the tensors and holds it against the config: a checkpoint whose shapes and config
 * disagree would build a model that answers nonsense.
 */
import type { TensorInfo } from "../checkpoint/checkpoint.ts";
import { BuildError } from "../build-error.ts";
import type { Architecture } from "./architecture.ts";
import { expectedTensors } from "./expected-tensors.ts";
import type { ModelConfig } from "./model-config.ts";

/** Buffers that training code saves beside the weights and that the graph builds itself. */
const IGNORED = new Set(["attn_mask"]);

type Tensors = ReadonlyMap<string, TensorInfo>;

/** Size of one dimension of a tensor that every model of the family has. */
function dimension(tensors: Tensors, name: string, axis: number): number {
  const size = tensors.get(name)?.shape[axis];
  if (size === undefined)
    throw new BuildError(`checkpoint: tensor ${name} is missing or has too few dimensions`);
  return size;
}

/** How many of `prefix.0`, `prefix.1`, … have tensors. */
function countGroups(tensors: Tensors, prefix: string): number {
  const found = new Set<string>();
  for (const name of tensors.keys()) {
    if (name.startsWith(prefix)) found.add(name.slice(prefix.length).split(".", 1)[0] ?? "");
  }
  return found.size;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** @throws BuildError naming the first tensor that is missing, misshapen or unknown */
function checkTensors(tensors: Tensors, expected: ReadonlyMap<string, number[]>): void {
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new BuildError(`checkpoint: tensor ${name} is missing`);
    // open_clip takes a logit scale of one element for the scalar that it is.
    const isScale = name === "logit_scale" && sameShape(tensor.shape, [1]);
    if (!isScale && !sameShape(tensor.shape, shape)) {
      throw new BuildError(
        `checkpoint: tensor ${name} is [${tensor.shape.join(", ")}], expected [${shape.join(", ")}]`,
      );
    }
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name) && !IGNORED.has(name)) {
      throw new BuildError(`checkpoint: tensor ${name} does not belong to this architecture`);
    }
  }
}

/** @throws BuildError naming the first figure on which config and tensors disagree */
function checkConfig(architecture: Architecture, config: ModelConfig): void {
  const pairs: [string, unknown, unknown][] = [
    ["embed_dim", architecture.embeddingWidth, config.embeddingWidth],
    ["vision depths", architecture.image.depths, config.image.depths],
    ["vision widths", architecture.image.widths, config.image.widths],
    ["text width", architecture.text.width, config.text.width],
    ["text layers", architecture.text.layers, config.text.layers],
    ["context_length", architecture.text.contextLength, config.text.contextLength],
    ["vocab_size", architecture.text.vocabSize, config.text.vocabSize],
  ];
  for (const [name, found, stated] of pairs) {
    if (JSON.stringify(found) !== JSON.stringify(stated)) {
      throw new BuildError(
        `checkpoint has ${name} ${String(found)}, open_clip_config.json says ${String(stated)}`,
      );
    }
  }
  const { width, heads } = config.text;
  if (width % heads !== 0) throw new BuildError(`text width ${width} is not a multiple of heads ${heads}`);
}

/**
 * The architecture of a checkpoint.
 * @throws BuildError naming the tensor or figure, if a tensor is missing, extra or misshapen or the config disagrees
 */
export function inferArchitecture(tensors: Tensors, config: ModelConfig): Architecture {
  const stages = countGroups(tensors, "visual.trunk.stages.");
  const depths: number[] = [];
  const widths: number[] = [];
  for (let stage = 0; stage < stages; stage++) {
    depths.push(countGroups(tensors, `visual.trunk.stages.${stage}.blocks.`));
    widths.push(dimension(tensors, `visual.trunk.stages.${stage}.blocks.0.gamma`, 0));
  }
  const architecture: Architecture = {
    embeddingWidth: dimension(tensors, "text_projection", 1),
    image: { depths, widths, size: config.image.size },
    text: {
      width: dimension(tensors, "token_embedding.weight", 1),
      heads: config.text.heads,
      layers: countGroups(tensors, "transformer.resblocks."),
      contextLength: dimension(tensors, "positional_embedding", 0),
      vocabSize: dimension(tensors, "token_embedding.weight", 0),
    },
  };
  checkTensors(tensors, expectedTensors(architecture));
  checkConfig(architecture, config);
  return architecture;
}
