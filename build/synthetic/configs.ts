/** The synthetic models: architectures at full size, and small ones that build in a second. */
import {
  type Architecture,
  type ConvNextArchitecture,
  MLP_RATIO,
  type VitArchitecture,
} from "../architecture/architecture.ts";
import type { Dtype } from "../checkpoint/checkpoint.ts";

const TEXT = { contextLength: 77, vocabSize: 49_408, quickGelu: false };
const TEXT_OF_B = { width: 512, heads: 8, layers: 12 };
const TEXT_OF_MINI = { width: 128, heads: 2, layers: 2 };
/** Channels of an attention head; it is open_clip's default. */
const HEAD_WIDTH = 64;

export interface SyntheticModel {
  architecture: Architecture;
  /** timm's name of the image tower. Without it, the config states depths and widths. */
  timmName?: string;
  /** How the reference's weights were stored before use. */
  dtype: Dtype;
}

function vitModel(
  embeddingWidth: number,
  image: Pick<VitArchitecture, "layers" | "width" | "patchSize" | "size">,
  text: { width: number; heads: number; layers: number },
  { dtype = "F32", quickGelu = false }: { dtype?: Dtype; quickGelu?: boolean } = {},
): SyntheticModel {
  const { width } = image;
  const sizes = { heads: width / HEAD_WIDTH, mlpWidth: MLP_RATIO * width };
  return {
    architecture: {
      embeddingWidth,
      image: { architecture: "vit", ...image, ...sizes, quickGelu },
      text: { ...text, ...TEXT, quickGelu },
    },
    dtype,
  };
}

const MODELS = {
  base_w: {
    architecture: {
      embeddingWidth: 640,
      image: { architecture: "convnext", depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024], size: 256 },
      text: { width: 640, heads: 10, layers: 12, ...TEXT },
    },
    timmName: "convnext_base",
    dtype: "F32",
  },
  mini: {
    architecture: {
      embeddingWidth: 64,
      image: { architecture: "convnext", depths: [1, 1, 2, 1], widths: [32, 64, 128, 256], size: 64 },
      text: { width: 128, heads: 2, layers: 2, ...TEXT },
    },
    dtype: "F32",
  },
  tiny: {
    architecture: {
      embeddingWidth: 32,
      image: { architecture: "convnext", depths: [1, 1, 2, 1], widths: [16, 32, 64, 128], size: 64 },
      text: { width: 64, heads: 1, layers: 1, ...TEXT },
    },
    dtype: "F16",
  },
  /** Towers of `tiny`, with vectors as wide as those of `base_w`. */
  wide: {
    architecture: {
      embeddingWidth: 640,
      image: { architecture: "convnext", depths: [1, 1, 2, 1], widths: [16, 32, 64, 128], size: 64 },
      text: { width: 64, heads: 1, layers: 1, ...TEXT },
    },
    dtype: "F32",
  },
  vit_b_32_256: vitModel(512, { layers: 12, width: 768, patchSize: 32, size: 256 }, TEXT_OF_B),
  vit_b_32: vitModel(512, { layers: 12, width: 768, patchSize: 32, size: 224 }, TEXT_OF_B),
  vit_b_16: vitModel(512, { layers: 12, width: 768, patchSize: 16, size: 224 }, TEXT_OF_B),
  vit_l_14: vitModel(
    768,
    { layers: 24, width: 1024, patchSize: 14, size: 224 },
    { width: 768, heads: 12, layers: 12 },
  ),
  vit_mini: vitModel(64, { layers: 2, width: 128, patchSize: 16, size: 64 }, TEXT_OF_MINI),
  vit_mini_quick: vitModel(64, { layers: 2, width: 128, patchSize: 16, size: 64 }, TEXT_OF_MINI, {
    quickGelu: true,
  }),
  vit_tiny: vitModel(
    32,
    { layers: 1, width: 64, patchSize: 32, size: 64 },
    { width: 64, heads: 1, layers: 1 },
    { dtype: "F16" },
  ),
} satisfies Record<string, SyntheticModel>;

export type SyntheticName = keyof typeof MODELS;

export const SYNTHETIC_MODELS: Record<string, SyntheticModel> = MODELS;

/** `open_clip_config.json` of a synthetic model. */
export function openClipConfig({ architecture, timmName }: SyntheticModel): object {
  const { embeddingWidth, image, text } = architecture;
  return {
    model_cfg: {
      embed_dim: embeddingWidth,
      ...(text.quickGelu ? { quick_gelu: true } : {}),
      vision_cfg: image.architecture === "vit" ? vitConfig(image) : convNextConfig(image, timmName),
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

function vitConfig({ size, layers, width, patchSize }: VitArchitecture): object {
  return { image_size: size, layers, width, patch_size: patchSize };
}

function convNextConfig(
  { depths, widths, size }: ConvNextArchitecture,
  timmName: string | undefined,
): object {
  const kwargs = timmName === undefined ? { timm_model_kwargs: { depths, dims: widths } } : {};
  return {
    timm_model_name: timmName ?? "convnext",
    ...kwargs,
    timm_model_pretrained: false,
    timm_pool: "",
    timm_proj: "linear",
    image_size: size,
  };
}
