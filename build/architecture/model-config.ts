/**
 * Reads `open_clip_config.json` from a model's repository. It is the only source of the number of heads, the image size
 * and the preprocessing. It also states depths and widths, which are compared with the tensors.
 */
import { readFile } from "node:fs/promises";
import { BuildError } from "../build-error.ts";
import type { Architecture, ConvNextArchitecture, VitArchitecture } from "./architecture.ts";
import { type OpenClipConfig, parseOpenClipConfig } from "./open-clip-config.ts";

/** Depths and widths of the networks by timm's names, from timm's `convnext.py`. */
const TIMM_CONVNEXT: Record<string, { depths: number[]; dims: number[] }> = {
  convnext_atto: { depths: [2, 2, 6, 2], dims: [40, 80, 160, 320] },
  convnext_femto: { depths: [2, 2, 6, 2], dims: [48, 96, 192, 384] },
  convnext_pico: { depths: [2, 2, 6, 2], dims: [64, 128, 256, 512] },
  convnext_nano: { depths: [2, 2, 8, 2], dims: [80, 160, 320, 640] },
  convnext_tiny: { depths: [3, 3, 9, 3], dims: [96, 192, 384, 768] },
  convnext_small: { depths: [3, 3, 27, 3], dims: [96, 192, 384, 768] },
  convnext_base: { depths: [3, 3, 27, 3], dims: [128, 256, 512, 1024] },
};

/** The config of a model fine-tuned from `convnext_base_w`. Fields that are absent have open_clip's defaults. */
const EXAMPLE = {
  model_cfg: {
    embed_dim: 640,
    vision_cfg: { timm_model_name: "convnext_base", image_size: 256 },
    text_cfg: { width: 640, heads: 10 },
  },
};

export interface ModelConfig extends Architecture {
  preprocessing: OpenClipConfig["preprocessing"];
}

/**
 * Reads an open_clip config.
 * @throws BuildError naming the field, if the file is not such a config or describes an unsupported model; if the file
 * is missing, the message says how to write it
 */
export async function readModelConfig(path: string): Promise<ModelConfig> {
  const { model, preprocessing } = parse(path, await read(path));
  const { vision_cfg: vision, text_cfg: text, embed_dim: embeddingWidth, quick_gelu: quickGelu } = model;
  const { timm_model_name: timm } = vision;
  return {
    embeddingWidth,
    image: timm === undefined ? vit(path, vision, quickGelu) : convNext(path, timm, vision),
    text: {
      quickGelu,
      width: text.width,
      heads: text.heads,
      layers: text.layers,
      contextLength: text.context_length,
      vocabSize: text.vocab_size,
    },
    preprocessing,
  };
}

type Vision = OpenClipConfig["model"]["vision_cfg"];

function convNext(path: string, timm: string, vision: Vision): ConvNextArchitecture {
  // The part after the point names pretrained weights; the network is the same.
  const [name = ""] = timm.split(".");
  const shape = vision.timm_model_kwargs ?? TIMM_CONVNEXT[name];
  if (shape === undefined) {
    throw new BuildError(`${path}: timm_model_name "${timm}" is no ConvNeXt that this build supports`);
  }
  return { architecture: "convnext", depths: shape.depths, widths: shape.dims, size: vision.image_size };
}

function vit(path: string, vision: Vision, quickGelu: boolean): VitArchitecture {
  const { width, layers, head_width: headWidth, patch_size: patchSize, image_size: size } = vision;
  if (width % headWidth !== 0) {
    throw new BuildError(`${path}: vision_cfg.width ${width} is not a multiple of head_width ${headWidth}`);
  }
  const heads = width / headWidth;
  const mlpWidth = Math.floor(width * vision.mlp_ratio);
  return { architecture: "vit", width, heads, layers, mlpWidth, patchSize, size, quickGelu };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new BuildError(`${path}: cannot be read`, { cause });
    }
    throw new BuildError(
      `${path} is missing. It states what the weights do not show, such as heads and preprocessing. Write it (docs/checkpoints.md) or name another with ` +
        `--config. For a model fine-tuned from convnext_base_w it is\n${JSON.stringify(EXAMPLE)}`,
      { cause },
    );
  }
}

function parse(path: string, text: string): OpenClipConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BuildError(`${path}: is not valid JSON`, { cause });
  }
  try {
    return parseOpenClipConfig(json);
  } catch (cause) {
    throw new BuildError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
