/** The synthetic models: the product's architecture at full size, and two small ones that build in a second. */
import type { Architecture } from "../architecture/architecture.ts";
import type { Dtype } from "../checkpoint/checkpoint.ts";

const VOCABULARY = { contextLength: 77, vocabSize: 49_408 };

export interface SyntheticModel {
  architecture: Architecture;
  /** What timm calls the image tower; without it, depths and widths stand in the config. */
  timmName?: string;
  /** How the reference's weights were stored before use. */
  dtype: Dtype;
}

export const SYNTHETIC_MODELS: Record<string, SyntheticModel> = {
  base_w: {
    architecture: {
      embeddingWidth: 640,
      image: { depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024], size: 256 },
      text: { width: 640, heads: 10, layers: 12, ...VOCABULARY },
    },
    timmName: "convnext_base",
    dtype: "F32",
  },
  mini: {
    architecture: {
      embeddingWidth: 64,
      image: { depths: [1, 1, 2, 1], widths: [32, 64, 128, 256], size: 64 },
      text: { width: 128, heads: 2, layers: 2, ...VOCABULARY },
    },
    dtype: "F32",
  },
  tiny: {
    architecture: {
      embeddingWidth: 32,
      image: { depths: [1, 1, 2, 1], widths: [16, 32, 64, 128], size: 64 },
      text: { width: 64, heads: 1, layers: 1, ...VOCABULARY },
    },
    dtype: "F16",
  },
};

/** `open_clip_config.json` of a synthetic model. */
export function openClipConfig({ architecture, timmName }: SyntheticModel): object {
  const { embeddingWidth, image, text } = architecture;
  const kwargs =
    timmName === undefined ? { timm_model_kwargs: { depths: image.depths, dims: image.widths } } : {};
  return {
    model_cfg: {
      embed_dim: embeddingWidth,
      vision_cfg: {
        timm_model_name: timmName ?? "convnext",
        ...kwargs,
        timm_model_pretrained: false,
        timm_pool: "",
        timm_proj: "linear",
        image_size: image.size,
      },
      text_cfg: {
        context_length: text.contextLength,
        vocab_size: text.vocabSize,
        width: text.width,
        heads: text.heads,
        layers: text.layers,
      },
    },
    preprocess_cfg: {
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
      interpolation: "bicubic",
      resize_mode: "shortest",
    },
  };
}
