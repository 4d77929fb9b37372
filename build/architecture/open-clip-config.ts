/**
 * The schema of `open_clip_config.json`. Fields, defaults and their meaning are open_clip's: `CLIPVisionCfg` and
 * `CLIPTextCfg` in its `model.py`, `PreprocessCfg` in `transform.py`, `TimmModel` in `timm_model.py`. Exporters wrote
 * different fields over the years, so every field with a default in open_clip may be absent. Other fields do not change
 * what a trained model computes (dropout, pretraining); they are ignored.
 */
import * as z from "zod";
import { unsupportedKind } from "./unsupported.ts";

/** Mean and standard deviation of pictures for OpenAI's CLIP, from open_clip's `constants.py`. */
const OPENAI_MEAN: Triple = [0.48145466, 0.4578275, 0.40821073];
const OPENAI_STD: Triple = [0.26862954, 0.26130258, 0.27577711];

type Triple = [number, number, number];

const count = z.number().int().positive();

/** As in open_clip, a single number stands for all three channels. */
const triple = z.union([
  z.tuple([z.number(), z.number(), z.number()]),
  z.number().transform((value): Triple => [value, value, value]),
]);

/** A square input: `256`, `[256]` or `[256, 256]`. */
const side = z.union([
  count,
  z.tuple([count]).transform(([size]) => size),
  z
    .tuple([count, count])
    .refine(([height, width]) => height === width, "only square inputs are supported")
    .transform(([size]) => size),
]);

const configSchema = z.object({
  model_cfg: z.object({
    embed_dim: count,
    /** The activation of both towers. timm's towers ignore it, because they have their own. */
    quick_gelu: z.boolean().default(false),
    vision_cfg: z.object({
      /**
       * Present for a ConvNeXt. Without it, the tower is open_clip's VisionTransformer, which the next five fields
       * describe.
       */
      timm_model_name: z.string().optional(),
      layers: count.default(12),
      width: count.default(768),
      head_width: count.default(64),
      mlp_ratio: z.number().positive().default(4),
      patch_size: count.default(16),
      /** Not a field of open_clip: depths and widths of a ConvNeXt for which timm has no name. */
      timm_model_kwargs: z.strictObject({ depths: z.array(count), dims: z.array(count) }).optional(),
      image_size: side.default(224),
      image_mean: triple.optional(),
      image_std: triple.optional(),
    }),
    text_cfg: z.object({
      context_length: count.default(77),
      vocab_size: count.default(49_408),
      width: count.default(512),
      heads: count.default(8),
      layers: count.default(12),
    }),
  }),
  preprocess_cfg: z.object({ mean: triple.optional(), std: triple.optional() }).default({}),
});

/** Fields of a transformer's blocks, in either tower. Only the defaults are supported. */
const BLOCK_FIELDS = {
  ls_init_value: [],
  act_kwargs: [],
  norm_kwargs: [],
  final_ln_after_pool: [false],
  block_type: ["default"],
  qk_norm: [false],
  scaled_cosine_attn: [false],
  scale_heads: [false],
  scale_attn_inner: [false],
  scale_attn: [false],
  scale_fc: [false],
};

/**
 * The supported values of each field that changes the computation. If the list is empty, the field must have its
 * default: absent, null or empty.
 */
const SUPPORTED: Record<string, Record<string, readonly unknown[]>> = {
  model_cfg: {
    custom_text: [false],
    multimodal_cfg: [],
    init_logit_bias: [],
  },
  "model_cfg.vision_cfg": {
    ...BLOCK_FIELDS,
    // If empty, timm's network decides, and a ConvNeXt uses the average.
    timm_pool: ["avg", ""],
    timm_proj: ["linear"],
    timm_proj_bias: [false],
    attentional_pool: [false],
    no_ln_pre: [false],
    pos_embed_type: ["learnable"],
    pool_type: ["tok"],
  },
  "model_cfg.text_cfg": {
    ...BLOCK_FIELDS,
    // The vocabulary of CLIP's tokenizer, the only supported one.
    vocab_size: [49_408],
    mlp_ratio: [4],
    embed_cls: [false],
    no_causal_mask: [false],
    pool_type: ["argmax"],
    proj_type: ["linear"],
    proj_bias: [false],
    hf_model_name: [],
    hf_tokenizer_name: [],
    tokenizer_mode: [],
  },
  "model_cfg.text_cfg.tokenizer_kwargs": {
    clean: ["lower"],
    additional_special_tokens: [],
    reduction_mask: [],
    strip_sep_token: [false],
  },
  preprocess_cfg: {
    mode: ["RGB"],
    // For "random", open_clip uses bicubic outside of training.
    interpolation: ["bicubic", "random"],
    resize_mode: ["shortest"],
  },
};

export type OpenClipConfig = ReturnType<typeof parseOpenClipConfig>;

/**
 * @param json a config as exported to a hub, or one of open_clip's own `model_configs`, which consist of the part
 * `model_cfg` only
 * @returns the fields that a build needs, defaults filled in
 * @throws Error naming the field that is missing, malformed or not supported
 */
export function parseOpenClipConfig(json: unknown) {
  const config = withoutNulls(json);
  const whole = isObject(config) && "embed_dim" in config ? { model_cfg: config } : config;
  refuseUnsupported(whole);
  const parsed = configSchema.safeParse(whole);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(reasons.join("; "));
  }
  const { model_cfg: model, preprocess_cfg: preprocessing } = parsed.data;
  return {
    model,
    preprocessing: {
      mean: preprocessing.mean ?? model.vision_cfg.image_mean ?? OPENAI_MEAN,
      std: preprocessing.std ?? model.vision_cfg.image_std ?? OPENAI_STD,
      interpolation: "bicubic" as const,
      resize_mode: "shortest" as const,
    },
  };
}

/** @throws Error naming the first field whose value is not supported, and the kind of model that uses it, if known */
function refuseUnsupported(config: unknown): void {
  const model = isObject(config) ? config["model_cfg"] : undefined;
  const kind = isObject(model) ? unsupportedKind(model) : undefined;
  if (kind !== undefined) throw new Error(kind);
  for (const [path, fields] of Object.entries(SUPPORTED)) {
    let part: unknown = config;
    for (const name of path.split(".")) part = isObject(part) ? part[name] : undefined;
    if (!isObject(part)) continue;
    for (const [field, supported] of Object.entries(fields)) {
      const value = part[field];
      if (value === undefined || supported.includes(value) || (supported.length === 0 && isEmpty(value)))
        continue;
      const instead =
        supported.length === 0 ? "" : `; ${supported.map((each) => JSON.stringify(each)).join(" or ")} is`;
      throw new Error(`${path}.${field} ${JSON.stringify(value)} is not supported${instead}`);
    }
  }
}

/** Removes null values: as in open_clip, null means the default. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(present.map(([name, each]) => [name, withoutNulls(each)]));
}

function isEmpty(value: unknown): boolean {
  return (
    value === "" || value === false || (typeof value === "object" && Object.keys(value ?? {}).length === 0)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
