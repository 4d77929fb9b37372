/**
 * Reads the architecture from the tensors and compares it with the config. If the two disagreed, the built model would
 * give wrong answers.
 */
import type { TensorInfo } from "../checkpoint/checkpoint.ts";
import { BuildError } from "../build-error.ts";
import { type Architecture, CONVNEXT_STRIDE, tokenCount } from "./architecture.ts";
import { expectedTensors } from "./expected-tensors.ts";
import type { ModelConfig } from "./model-config.ts";
import { foreignTensors } from "./unsupported.ts";

/** Buffers that training code saves with the weights. The graph does not need them. */
const IGNORED = new Set(["attn_mask"]);

type Tensors = ReadonlyMap<string, TensorInfo>;
type Image = Architecture["image"];

/** Size of one dimension of a tensor that every such model has. */
function dimension(tensors: Tensors, name: string, axis: number): number {
  const size = tensors.get(name)?.shape[axis];
  if (size === undefined)
    throw new BuildError(`checkpoint: tensor ${name} is missing or has too few dimensions`);
  return size;
}

/** Number of groups `prefix.0`, `prefix.1`, … that have tensors. */
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

/** @throws BuildError naming the first tensor that is missing, unknown or of the wrong shape */
function checkTensors(tensors: Tensors, expected: ReadonlyMap<string, number[]>): void {
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new BuildError(`checkpoint: tensor ${name} is missing`);
    // open_clip accepts a logit scale of shape [1] as a scalar.
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

/** @throws BuildError naming the first value on which config and tensors disagree */
function checkConfig(architecture: Architecture, config: ModelConfig): void {
  const pairs: [string, unknown, unknown][] = [
    ["embed_dim", architecture.embeddingWidth, config.embeddingWidth],
    ...imageFigures(architecture.image, config.image),
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

function imageFigures(found: Image, stated: Image): [string, unknown, unknown][] {
  if (found.architecture === "vit" && stated.architecture === "vit") {
    return [
      ["vision width", found.width, stated.width],
      ["vision layers", found.layers, stated.layers],
      ["vision patch_size", found.patchSize, stated.patchSize],
      ["vision MLP width", found.mlpWidth, stated.mlpWidth],
    ];
  }
  if (found.architecture === "convnext" && stated.architecture === "convnext") {
    return [
      ["vision depths", found.depths, stated.depths],
      ["vision widths", found.widths, stated.widths],
    ];
  }
  return [["image tower", found.architecture, stated.architecture]];
}

/**
 * The image tower to which the tensors belong. Heads and activation are not visible in the tensors; they come from the
 * config.
 * @throws BuildError for a tower of an unsupported kind, naming the kind
 */
function imageTower(tensors: Tensors, { image: stated }: ModelConfig): Image {
  const stages = countGroups(tensors, "visual.trunk.stages.");
  if (stages > 0) {
    const depths: number[] = [];
    const widths: number[] = [];
    for (let stage = 0; stage < stages; stage++) {
      depths.push(countGroups(tensors, `visual.trunk.stages.${stage}.blocks.`));
      widths.push(dimension(tensors, `visual.trunk.stages.${stage}.blocks.0.gamma`, 0));
    }
    return { architecture: "convnext", depths, widths, size: stated.size };
  }
  const foreign = foreignTensors(tensors);
  if (foreign !== undefined) throw new BuildError(`checkpoint: its tensors are those of ${foreign}`);
  const layers = countGroups(tensors, "visual.transformer.resblocks.");
  if (layers > 0) {
    if (!tensors.has("visual.class_embedding")) {
      throw new BuildError(
        "checkpoint: tensor visual.class_embedding is missing: a ViT without a class token would need another pooling",
      );
    }
    const { heads = 1, quickGelu = false } = stated.architecture === "vit" ? stated : {};
    return {
      architecture: "vit",
      width: dimension(tensors, "visual.conv1.weight", 0),
      heads,
      layers,
      mlpWidth: dimension(tensors, "visual.transformer.resblocks.0.mlp.c_fc.weight", 0),
      patchSize: dimension(tensors, "visual.conv1.weight", 3),
      size: stated.size,
      quickGelu,
    };
  }
  const others = [...tensors.keys()].filter((name) => name.startsWith("visual."));
  const example = others.length === 0 ? "none begins with visual." : `its first is ${others[0]}`;
  throw new BuildError(
    `checkpoint: its image tower is of an unknown type (${example}); ConvNeXt (visual.trunk.stages) and ` +
      "VisionTransformer (visual.transformer.resblocks) are supported",
  );
}

/** @throws BuildError if the tower does not accept pictures of this size */
function checkImageSize(image: Image, tensors: Tensors): void {
  const { size } = image;
  if (image.architecture === "convnext") {
    if (size % CONVNEXT_STRIDE === 0) return;
    throw new BuildError(`image size ${size} is not a multiple of ${CONVNEXT_STRIDE}`);
  }
  const { patchSize, width, heads } = image;
  if (size % patchSize !== 0)
    throw new BuildError(`patch_size ${patchSize} does not divide image size ${size}`);
  const rows = dimension(tensors, "visual.positional_embedding", 0);
  const tokens = tokenCount(image);
  if (rows !== tokens) {
    const trained = Math.round(Math.sqrt(rows - 1)) * patchSize;
    throw new BuildError(
      `checkpoint: visual.positional_embedding has ${rows} positions, but pictures of ${size} pixels in patches of ` +
        `${patchSize} need ${tokens}. It was trained at ${trained} pixels, and the build cannot resample it for another size`,
    );
  }
  if (width % heads !== 0) throw new BuildError(`vision width ${width} is not a multiple of heads ${heads}`);
}

/**
 * Infers the architecture of a checkpoint.
 * @throws BuildError naming the tensor or value, if a tensor is missing, extra or of the wrong shape, or if the config
 * disagrees
 */
export function inferArchitecture(tensors: Tensors, config: ModelConfig): Architecture {
  const image = imageTower(tensors, config);
  const architecture: Architecture = {
    embeddingWidth: dimension(tensors, "text_projection", 1),
    image,
    text: {
      width: dimension(tensors, "token_embedding.weight", 1),
      heads: config.text.heads,
      layers: countGroups(tensors, "transformer.resblocks."),
      contextLength: dimension(tensors, "positional_embedding", 0),
      vocabSize: dimension(tensors, "token_embedding.weight", 0),
      quickGelu: config.text.quickGelu,
    },
  };
  if (image.architecture !== config.image.architecture) checkConfig(architecture, config);
  checkImageSize(image, tensors);
  checkTensors(tensors, expectedTensors(architecture));
  checkConfig(architecture, config);
  return architecture;
}
