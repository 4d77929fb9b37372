/**
 * Known kinds of models that the build does not support. The message says which kind a model is and what its support
 * would need, which helps more than the name of the first unsupported field.
 */
import type { TensorInfo } from "../checkpoint/checkpoint.ts";

type Fields = Record<string, unknown>;

interface Kind {
  /** Path of the field that shows the kind, below `model_cfg`. If several kinds fit, the message names the first. */
  field: string;
  is: (value: unknown) => boolean;
  /** @returns the end of a sentence that begins with the field and its value */
  because: (value: unknown) => string;
}

const ATTENTION_POOLING =
  "it would need attention pooling (supported are the class token of a ViT and the average of a ConvNeXt)";
const CLIP_TOKENIZER = "the only supported tokenizer is CLIP's, with 49,408 tokens";

const CONVNEXT = /^convnext/;
const MULTILINGUAL = /xlm|mt5|multilingual|labse/i;

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== "" && value !== false && !isEmptyObject(value);

/** Checked in this order, special kinds first: a SigLIP is also a timm ViT with a tokenizer of its own. */
const KINDS: readonly Kind[] = [
  {
    field: "init_logit_bias",
    is: isSet,
    because: () =>
      `this is a SigLIP, whose scores are sigmoids with a bias; ${ATTENTION_POOLING}, such scores, and its own tokenizer`,
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && name.includes("siglip"),
    because: () => `this is a SigLIP; ${ATTENTION_POOLING} and its own tokenizer`,
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && /hybrid|mci|vitamin|fastvit|mobileclip|coatnet/.test(name),
    because: () =>
      "this image tower has a hybrid stem: convolutions before its transformer; it would need those as steps of the engine",
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && /^(vit|eva|eva02|deit|beit)/.test(name),
    because: () =>
      "this image tower is a ViT of timm's, whose tensors, norms and pooling differ from open_clip's " +
      "VisionTransformer; it would need a conversion of its own",
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && !CONVNEXT.test(name),
    because: () =>
      "this image tower is another network of timm's; it would need a tower of its own (of timm's networks, only ConvNeXt is supported)",
  },
  {
    field: "vision_cfg.layers",
    is: Array.isArray,
    because: () =>
      `this image tower is OpenAI's modified ResNet (RN50 and similar); ${ATTENTION_POOLING} and its convolutions as steps of the engine`,
  },
  {
    field: "multimodal_cfg",
    is: isSet,
    because: () =>
      `this is a CoCa, which also writes captions; ${ATTENTION_POOLING} and the class token of its text tower`,
  },
  {
    field: "vision_cfg.attentional_pool",
    is: isSet,
    because: () => `this image tower ends in attention pooling; ${ATTENTION_POOLING}`,
  },
  {
    field: "vision_cfg.timm_pool",
    is: (pool) => typeof pool === "string" && /map|attn/.test(pool),
    because: () => `this image tower ends in attention pooling; ${ATTENTION_POOLING}`,
  },
  {
    field: "text_cfg.hf_model_name",
    is: (name) => typeof name === "string" && MULTILINGUAL.test(name),
    because: (name) =>
      `this is a multilingual text tower of Hugging Face's transformers; it would need ${String(name)} as a tower, and its tokenizer`,
  },
  {
    field: "text_cfg.hf_model_name",
    is: isSet,
    because: (name) =>
      `this text tower is one of Hugging Face's transformers; it would need ${String(name)} as a tower, and its tokenizer`,
  },
  {
    field: "text_cfg.hf_tokenizer_name",
    is: isSet,
    because: (name) => `it uses another tokenizer; it would need ${String(name)}, and ${CLIP_TOKENIZER}`,
  },
  {
    field: "text_cfg.vocab_size",
    is: (size) => typeof size === "number" && size !== 49_408,
    because: () => `it uses another tokenizer; it would need that tokenizer, and ${CLIP_TOKENIZER}`,
  },
  {
    field: "custom_text",
    is: isSet,
    because: () =>
      "this is a CustomTextCLIP, whose text tower's tensors have other names and options; it would need a reader of its own",
  },
];

/**
 * @param model `model_cfg`
 * @returns for a known kind that is not supported, a sentence that names the field and the kind; else undefined
 */
export function unsupportedKind(model: Fields): string | undefined {
  for (const { field, is, because } of KINDS) {
    let value: unknown = model;
    for (const name of field.split(".")) value = (value as Fields | undefined)?.[name];
    if (!is(value)) continue;
    return `model_cfg.${field} ${JSON.stringify(value)} is not supported: ${because(value)}`;
  }
  return undefined;
}

/** Prefixes of tensors that only one kind of tower has. They are checked independently of the config. */
const FOREIGN_TENSORS: readonly (readonly [prefix: string, what: string])[] = [
  [
    "logit_bias",
    "a SigLIP, whose scores are sigmoids with a bias; it would need such scores, attention pooling and its own tokenizer",
  ],
  ["visual.attn_pool.", `an image tower with attention pooling (CoCa); ${ATTENTION_POOLING}`],
  [
    "visual.layer1.",
    `OpenAI's modified ResNet; ${ATTENTION_POOLING} and its convolutions as steps of the engine`,
  ],
  [
    "visual.trunk.patch_embed.backbone.",
    "a ViT with a hybrid stem; it would need its convolutions as steps of the engine",
  ],
  [
    "visual.trunk.blocks.",
    "a ViT of timm's; it would need a conversion of its own (only open_clip's VisionTransformer is supported)",
  ],
  [
    "vision_model.",
    "a model in the format of Hugging Face's transformers; convert it to open_clip's format first",
  ],
  [
    "text.",
    "a CustomTextCLIP, whose text tower has other names and options; it would need a reader of its own",
  ],
];

/** @returns the kind of model that has these tensors, if it is known but not supported; else undefined */
export function foreignTensors(tensors: ReadonlyMap<string, TensorInfo>): string | undefined {
  const names = [...tensors.keys()];
  return FOREIGN_TENSORS.find(([prefix]) => names.some((name) => name.startsWith(prefix)))?.[1];
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && Object.keys(value ?? {}).length === 0;
}
