/**
 * `open_clip_config.json`: what the model's repository says about it. It is the only source of the number of
 * heads, the image size and the preprocessing; depths and widths are in it too and are checked against the tensors.
 */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { BuildError } from "../build-error.ts";
import type { Architecture } from "./architecture.ts";

/** Depths and widths behind timm's names, from timm's `convnext.py`. */
const TIMM_CONVNEXT: Record<string, { depths: number[]; dims: number[] }> = {
  convnext_atto: { depths: [2, 2, 6, 2], dims: [40, 80, 160, 320] },
  convnext_femto: { depths: [2, 2, 6, 2], dims: [48, 96, 192, 384] },
  convnext_pico: { depths: [2, 2, 6, 2], dims: [64, 128, 256, 512] },
  convnext_nano: { depths: [2, 2, 8, 2], dims: [80, 160, 320, 640] },
  convnext_tiny: { depths: [3, 3, 9, 3], dims: [96, 192, 384, 768] },
  convnext_small: { depths: [3, 3, 27, 3], dims: [96, 192, 384, 768] },
  convnext_base: { depths: [3, 3, 27, 3], dims: [128, 256, 512, 1024] },
};

const triple = z.tuple([z.number(), z.number(), z.number()]);
const count = z.number().int().positive();

const configSchema = z.object({
  model_cfg: z.object({
    embed_dim: count,
    vision_cfg: z.object({
      timm_model_name: z.string(),
      timm_model_kwargs: z.object({ depths: z.array(count), dims: z.array(count) }).optional(),
      timm_pool: z.literal(""),
      timm_proj: z.literal("linear"),
      image_size: count,
    }),
    text_cfg: z.object({
      context_length: count,
      vocab_size: count,
      width: count,
      heads: count,
      layers: count,
    }),
  }),
  preprocess_cfg: z
    .object({
      mean: triple,
      std: triple,
      interpolation: z.literal("bicubic"),
      resize_mode: z.literal("shortest"),
    })
    .default({
      // OpenAI CLIP's statistics, which open_clip uses where a config names none.
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
      interpolation: "bicubic",
      resize_mode: "shortest",
    }),
});

export interface ModelConfig extends Architecture {
  preprocessing: z.infer<typeof configSchema>["preprocess_cfg"];
}

/**
 * Reads an open_clip config.
 * @throws BuildError naming the field, for a file that is no such config or describes another kind of model
 */
export async function readModelConfig(path: string): Promise<ModelConfig> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new BuildError(`${path}: not readable as JSON`, { cause });
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) throw new BuildError(`${path}: ${z.prettifyError(parsed.error)}`);
  const { vision_cfg: vision, text_cfg: text, embed_dim } = parsed.data.model_cfg;
  const shape = vision.timm_model_kwargs ?? TIMM_CONVNEXT[vision.timm_model_name];
  if (shape === undefined) {
    throw new BuildError(
      `${path}: timm_model_name "${vision.timm_model_name}" is no ConvNeXt this build knows`,
    );
  }
  return {
    embeddingWidth: embed_dim,
    image: { depths: shape.depths, widths: shape.dims, size: vision.image_size },
    text: {
      width: text.width,
      heads: text.heads,
      layers: text.layers,
      contextLength: text.context_length,
      vocabSize: text.vocab_size,
    },
    preprocessing: parsed.data.preprocess_cfg,
  };
}
