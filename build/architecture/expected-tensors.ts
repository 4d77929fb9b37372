/** Lists every tensor, with its shape, of an open_clip model of a given architecture. The names are open_clip's. */
import {
  type Architecture,
  type ConvNextArchitecture,
  DEPTHWISE_KERNEL,
  MLP_RATIO,
  STEM_STRIDE,
  tokenCount,
  type VitArchitecture,
} from "./architecture.ts";

type Shapes = Map<string, number[]>;

function norm(shapes: Shapes, name: string, width: number): void {
  shapes.set(`${name}.weight`, [width]).set(`${name}.bias`, [width]);
}

function linear(shapes: Shapes, name: string, output: number, input: number): void {
  shapes.set(`${name}.weight`, [output, input]).set(`${name}.bias`, [output]);
}

function conv(shapes: Shapes, name: string, shape: [number, number, number, number]): void {
  shapes.set(`${name}.weight`, shape).set(`${name}.bias`, [shape[0]]);
}

function convNextTower(shapes: Shapes, image: ConvNextArchitecture, embeddingWidth: number): void {
  const trunk = "visual.trunk";
  let previous = 3;
  image.widths.forEach((width, stage) => {
    if (stage === 0) {
      conv(shapes, `${trunk}.stem.0`, [width, previous, STEM_STRIDE, STEM_STRIDE]);
      norm(shapes, `${trunk}.stem.1`, width);
    } else {
      norm(shapes, `${trunk}.stages.${stage}.downsample.0`, previous);
      conv(shapes, `${trunk}.stages.${stage}.downsample.1`, [width, previous, 2, 2]);
    }
    for (let block = 0; block < (image.depths[stage] ?? 0); block++) {
      const name = `${trunk}.stages.${stage}.blocks.${block}`;
      shapes.set(`${name}.gamma`, [width]);
      conv(shapes, `${name}.conv_dw`, [width, 1, DEPTHWISE_KERNEL, DEPTHWISE_KERNEL]);
      norm(shapes, `${name}.norm`, width);
      linear(shapes, `${name}.mlp.fc1`, MLP_RATIO * width, width);
      linear(shapes, `${name}.mlp.fc2`, width, MLP_RATIO * width);
    }
    previous = width;
  });
  norm(shapes, `${trunk}.head.norm`, previous);
  shapes.set("visual.head.proj.weight", [embeddingWidth, previous]);
}

/** @param prefix prefix of the blocks' names, including the final point */
function transformer(shapes: Shapes, prefix: string, layers: number, width: number, mlpWidth: number): void {
  for (let layer = 0; layer < layers; layer++) {
    const name = `${prefix}resblocks.${layer}`;
    norm(shapes, `${name}.ln_1`, width);
    shapes.set(`${name}.attn.in_proj_weight`, [3 * width, width]);
    shapes.set(`${name}.attn.in_proj_bias`, [3 * width]);
    linear(shapes, `${name}.attn.out_proj`, width, width);
    norm(shapes, `${name}.ln_2`, width);
    linear(shapes, `${name}.mlp.c_fc`, mlpWidth, width);
    linear(shapes, `${name}.mlp.c_proj`, width, mlpWidth);
  }
}

function vitTower(shapes: Shapes, image: VitArchitecture, embeddingWidth: number): void {
  const { width, patchSize } = image;
  shapes.set("visual.class_embedding", [width]);
  shapes.set("visual.positional_embedding", [tokenCount(image), width]);
  shapes.set("visual.proj", [width, embeddingWidth]);
  shapes.set("visual.conv1.weight", [width, 3, patchSize, patchSize]);
  norm(shapes, "visual.ln_pre", width);
  transformer(shapes, "visual.transformer.", image.layers, width, image.mlpWidth);
  norm(shapes, "visual.ln_post", width);
}

function textTower(shapes: Shapes, { text, embeddingWidth }: Architecture): void {
  shapes.set("token_embedding.weight", [text.vocabSize, text.width]);
  shapes.set("positional_embedding", [text.contextLength, text.width]);
  transformer(shapes, "transformer.", text.layers, text.width, MLP_RATIO * text.width);
  norm(shapes, "ln_final", text.width);
  shapes.set("text_projection", [text.width, embeddingWidth]);
}

/** Tensor name → shape, for both towers and the logit scale (a scalar: `[]`). */
export function expectedTensors(architecture: Architecture): Map<string, number[]> {
  const shapes: Shapes = new Map([["logit_scale", []]]);
  const { image, embeddingWidth } = architecture;
  if (image.architecture === "vit") vitTower(shapes, image, embeddingWidth);
  else convNextTower(shapes, image, embeddingWidth);
  textTower(shapes, architecture);
  return shapes;
}
