/** The shape of an OpenCLIP model, as read off a checkpoint. Nothing in `build/` assumes a size. */
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
  /** Side of the square input, pixels; the positional embedding is of this size. */
  size: number;
  quickGelu: boolean;
}

/** LayerNorm epsilons of timm's ConvNeXt and of open_clip's transformers; they are not in any config. */
export const CONVNEXT_LAYER_NORM_EPSILON = 1e-6;
export const TRANSFORMER_LAYER_NORM_EPSILON = 1e-5;

/** Side of ConvNeXt's patches, expansion of its MLP and of the text tower's, its depthwise kernel: fixed in the family. */
export const STEM_STRIDE = 4;
export const MLP_RATIO = 4;
export const DEPTHWISE_KERNEL = 7;

/** What the strides of a ConvNeXt's stages come to: its pictures' side is a multiple. */
export const CONVNEXT_STRIDE = 32;

/** Positions of a ViT: its patches and the class token. */
export function tokenCount({ size, patchSize }: Pick<VitArchitecture, "size" | "patchSize">): number {
  return (size / patchSize) ** 2 + 1;
}
