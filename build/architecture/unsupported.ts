/**
 * Checkpoints of other kinds: what each is, and what it would take to build it. A reader who has one wants to know that,
 * and not which of its fields was met first.
 */
import type { TensorInfo } from "../checkpoint/checkpoint.ts";

type Fields = Record<string, unknown>;

interface Kind {
  /** Where the config says so, from `model_cfg` on; of several kinds that fit, the first is named. */
  field: string;
  is: (value: unknown) => boolean;
  /** @returns the rest of a sentence that begins with the field and its value */
  because: (value: unknown) => string;
}

const ATTENTION_POOLING =
  "it would need attention pooling; the towers supported here pool at the class token (ViT) or by the average (ConvNeXt)";
const CLIP_TOKENIZER = "the one tokenizer here is CLIP's, of 49,408 tokens";

const CONVNEXT = /^convnext/;
const MULTILINGUAL = /xlm|mt5|multilingual|labse/i;

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== "" && value !== false && !isEmptyObject(value);

/** In the order in which they are asked for: a SigLIP is also a timm ViT with a tokenizer of its own. */
const KINDS: readonly Kind[] = [
  {
    field: "init_logit_bias",
    is: isSet,
    because: () =>
      `this is a SigLIP, whose scores are sigmoids with a bias; ${ATTENTION_POOLING}, and those scores, and its own tokenizer`,
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && name.includes("siglip"),
    because: () => `this is a SigLIP; ${ATTENTION_POOLING}, and its own tokenizer`,
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && /hybrid|mci|vitamin|fastvit|mobileclip|coatnet/.test(name),
    because: () =>
      "this image tower has a hybrid stem, convolutions before its transformer; it would need those as steps of their own",
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && /^(vit|eva|eva02|deit|beit)/.test(name),
    because: () =>
      "this image tower is a ViT of timm's, whose tensors, norms and pooling differ from open_clip's own " +
      "VisionTransformer; it would need a conversion of its own",
  },
  {
    field: "vision_cfg.timm_model_name",
    is: (name) => typeof name === "string" && !CONVNEXT.test(name),
    because: () =>
      "this image tower is another network of timm's; it would need a tower of its own, of timm's only ConvNeXt is supported",
  },
  {
    field: "vision_cfg.layers",
    is: Array.isArray,
    because: () =>
      `this image tower is OpenAI's modified ResNet (RN50 and its like); ${ATTENTION_POOLING}, and its convolutions as steps`,
  },
  {
    field: "multimodal_cfg",
    is: isSet,
    because: () =>
      `this is a CoCa, which also writes captions; ${ATTENTION_POOLING}, and its text tower's class token`,
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
      `this is a multilingual text tower of Hugging Face's transformers; it would need ${String(name)} as a tower and its tokenizer`,
  },
  {
    field: "text_cfg.hf_model_name",
    is: isSet,
    because: (name) =>
      `this text tower is one of Hugging Face's transformers; it would need ${String(name)} as a tower and its tokenizer`,
  },
  {
    field: "text_cfg.hf_tokenizer_name",
    is: isSet,
    because: (name) =>
      `its texts are cut by another tokenizer; it would need ${String(name)}, and ${CLIP_TOKENIZER}`,
  },
  {
    field: "text_cfg.vocab_size",
    is: (size) => typeof size === "number" && size !== 49_408,
    because: () => `its texts are cut by another tokenizer; it would need that one, and ${CLIP_TOKENIZER}`,
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
 * @returns a sentence for a model of a kind that is not supported, which names the field that says so
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

/** Tensors that give a tower away, whatever the config says. */
const FOREIGN_TENSORS: readonly (readonly [prefix: string, what: string])[] = [
  [
    "logit_bias",
    "a SigLIP, whose scores are sigmoids with a bias; it would need those, attention pooling and its own tokenizer",
  ],
  ["visual.attn_pool.", `an image tower with attention pooling (CoCa); ${ATTENTION_POOLING}`],
  ["visual.layer1.", `OpenAI's modified ResNet; ${ATTENTION_POOLING}, and its convolutions as steps`],
  [
    "visual.trunk.patch_embed.backbone.",
    "a ViT with a hybrid stem; it would need its convolutions as steps of their own",
  ],
  [
    "visual.trunk.blocks.",
    "a ViT of timm's; it would need a conversion of its own, only open_clip's VisionTransformer is supported",
  ],
  [
    "vision_model.",
    "a model in the form of Hugging Face's transformers; convert it to open_clip's form first",
  ],
  [
    "text.",
    "a CustomTextCLIP, whose text tower has other names and options; it would need a reader of its own",
  ],
];

/** @returns what the tensors belong to, if it is a kind that is known but not supported */
export function foreignTensors(tensors: ReadonlyMap<string, TensorInfo>): string | undefined {
  const names = [...tensors.keys()];
  return FOREIGN_TENSORS.find(([prefix]) => names.some((name) => name.startsWith(prefix)))?.[1];
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && Object.keys(value ?? {}).length === 0;
}
