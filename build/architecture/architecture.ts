/** The sizes of an OpenCLIP model, as read from its checkpoint. No code in `build/` assumes a size. */
export interface Architecture {
  embeddingWidth: number;
  image: ConvNextArchitecture | VitArchitecture;
  text: {
    width: number;
    heads: number;
    layers: number;
    contextLength: number;
    vocabSize: number;
    /** `x · sigmoid(1.702 x)` in place of GELU. */
    quickGelu: boolean;
  };
}

/** timm's ConvNeXt. */
export interface ConvNextArchitecture {
  architecture: "convnext";
  /** Blocks per stage. */
  depths: number[];
  /** Channels per stage. */
  widths: number[];
  /** Side of the square input, pixels. */
  size: number;
}

/** open_clip's `VisionTransformer`, pooled at the class token. */
export interface VitArchitecture {
  architecture: "vit";
  width: number;
  heads: number;
  layers: number;
  /** Hidden channels of a block's MLP. */
  mlpWidth: number;
  /** Side of a patch, pixels. */
  patchSize: number;
  /** Side of the square input, pixels; the positional embedding was trained for this size. */
  size: number;
  quickGelu: boolean;
}

/** LayerNorm epsilons of timm's ConvNeXt and of open_clip's transformers. No config states them. */
export const CONVNEXT_LAYER_NORM_EPSILON = 1e-6;
export const TRANSFORMER_LAYER_NORM_EPSILON = 1e-5;

/**
 * The same in every ConvNeXt: side of the patches, expansion of the MLP (also the text tower's), side of the depthwise
 * kernel.
 */
export const STEM_STRIDE = 4;
export const MLP_RATIO = 4;
export const DEPTHWISE_KERNEL = 7;

/** Product of the strides of a ConvNeXt's stages. The side of its pictures is a multiple of it. */
export const CONVNEXT_STRIDE = 32;

/** Positions of a ViT: its patches and the class token. */
export function tokenCount({ size, patchSize }: Pick<VitArchitecture, "size" | "patchSize">): number {
  return (size / patchSize) ** 2 + 1;
}
