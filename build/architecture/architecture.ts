/** The shape of an OpenCLIP ConvNeXt CLIP, as read off a checkpoint. Nothing in `build/` assumes a size. */
export interface Architecture {
  embeddingWidth: number;
  image: {
    /** Blocks per stage. */
    depths: number[];
    /** Channels per stage. */
    widths: number[];
    /** Side of the square input, pixels. */
    size: number;
  };
  text: {
    width: number;
    heads: number;
    layers: number;
    contextLength: number;
    vocabSize: number;
  };
}

/** LayerNorm epsilons of timm's ConvNeXt and of open_clip's text transformer; they are not in any config. */
export const IMAGE_LAYER_NORM_EPSILON = 1e-6;
export const TEXT_LAYER_NORM_EPSILON = 1e-5;

/** Side of the stem's patches, the MLP's expansion and the depthwise kernel: fixed in the family. */
export const STEM_STRIDE = 4;
export const MLP_RATIO = 4;
export const DEPTHWISE_KERNEL = 7;
