/** Every tensor an open_clip ConvNeXt CLIP of a given architecture has, with its shape: the names are open_clip's. */
import { type Architecture, DEPTHWISE_KERNEL, MLP_RATIO, STEM_STRIDE } from "./architecture.ts";

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

function imageTower(shapes: Shapes, { image, embeddingWidth }: Architecture): void {
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

function textTower(shapes: Shapes, { text, embeddingWidth }: Architecture): void {
  shapes.set("token_embedding.weight", [text.vocabSize, text.width]);
  shapes.set("positional_embedding", [text.contextLength, text.width]);
  for (let layer = 0; layer < text.layers; layer++) {
    const name = `transformer.resblocks.${layer}`;
    norm(shapes, `${name}.ln_1`, text.width);
    shapes.set(`${name}.attn.in_proj_weight`, [3 * text.width, text.width]);
    shapes.set(`${name}.attn.in_proj_bias`, [3 * text.width]);
    linear(shapes, `${name}.attn.out_proj`, text.width, text.width);
    norm(shapes, `${name}.ln_2`, text.width);
    linear(shapes, `${name}.mlp.c_fc`, MLP_RATIO * text.width, text.width);
    linear(shapes, `${name}.mlp.c_proj`, text.width, MLP_RATIO * text.width);
  }
  norm(shapes, "ln_final", text.width);
  shapes.set("text_projection", [text.width, embeddingWidth]);
}

/** Tensor name → shape, for both towers and the logit scale (a scalar: `[]`). */
export function expectedTensors(architecture: Architecture): Map<string, number[]> {
  const shapes: Shapes = new Map([["logit_scale", []]]);
  imageTower(shapes, architecture);
  textTower(shapes, architecture);
  return shapes;
}
