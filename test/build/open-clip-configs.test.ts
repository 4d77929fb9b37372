/**
 * Configs as open_clip's exporters wrote them over the years: which fields may be absent, are ignored, or are refused.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ModelConfig, readModelConfig } from "../../build/architecture/model-config.ts";
import { buildModel } from "../../build/build-model.ts";
import { CONFIG_NAME } from "../../build/checkpoint/file-names.ts";
import { PRESETS } from "../../build/hub/presets.ts";
import { silentProgress } from "../../build/report/progress.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/open-clip");
const OPENAI = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  interpolation: "bicubic",
  resize_mode: "shortest",
};

const BASE = { architecture: "convnext", depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024] };

/** A config with only the fields that have no default. */
const LEAST = { embed_dim: 512, vision_cfg: { timm_model_name: "convnext_base" }, text_cfg: {} };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function read(config: unknown): Promise<ModelConfig> {
  const path = join(folder, "config.json");
  await writeFile(path, JSON.stringify(config));
  return await readModelConfig(path);
}

/** @returns the smallest config with one part changed */
function changed(part: string, fields: object): object {
  if (part === "preprocess_cfg") return { model_cfg: LEAST, preprocess_cfg: fields };
  if (part === "model_cfg") return { model_cfg: { ...LEAST, ...fields } };
  const before = part === "vision_cfg" ? LEAST.vision_cfg : LEAST.text_cfg;
  return { model_cfg: { ...LEAST, [part]: { ...before, ...fields } } };
}

const isConvNext = ([name]: [string, unknown]): boolean => name.startsWith("base_w");

describe.each(Object.entries(PRESETS).filter(isConvNext))(
  "the config of %s, as exported in early 2023",
  (preset, { imageSize }) => {
    const fixture = join(FIXTURES, `${preset}.json`);

    it("is read whole", async () => {
      const { preprocess_cfg: exported } = JSON.parse(await readFile(fixture, "utf8")) as {
        preprocess_cfg: object;
      };
      expect(Object.keys(exported)).toEqual(["mean", "std"]);
      expect(await readModelConfig(fixture)).toEqual({
        embeddingWidth: 640,
        image: { ...BASE, size: imageSize },
        text: { width: 640, heads: 10, layers: 12, contextLength: 77, vocabSize: 49_408, quickGelu: false },
        preprocessing: OPENAI,
      });
    });

    it("builds at a small size, to the model that a later exporter's config gives", async () => {
      const { manifest: expected, checkpoint } = await buildSynthetic("tiny", join(folder, "later"));
      const small = JSON.parse(await readFile(fixture, "utf8"));
      const { vision_cfg: vision, text_cfg: text } = small.model_cfg;
      small.model_cfg.embed_dim = expected.embedding_width;
      if (expected.image.architecture !== "convnext") throw new Error("tiny is no ConvNeXt");
      vision.timm_model_kwargs = { depths: expected.image.depths, dims: expected.image.widths };
      vision.image_size = expected.image.size;
      const { width, heads, layers } = expected.text;
      Object.assign(text, { width, heads, layers });
      const config = join(folder, `${preset}.json`);
      await writeFile(config, JSON.stringify(small));
      const { manifest } = await buildModel({
        checkpoint,
        config,
        out: join(folder, preset),
        id: expected.id,
        alias: expected.alias,
        license: expected.license,
        precision: "int8",
        progress: silentProgress,
      });
      expect(manifest).toEqual<Manifest>(expected);
    });
  },
);

describe.each(Object.entries(PRESETS).filter((preset) => !isConvNext(preset)))(
  "the config of %s",
  (preset, { imageSize }) => {
    it("is read whole", async () => {
      const quickGelu = preset.endsWith("openai");
      expect(await readModelConfig(join(FIXTURES, `${preset}.json`))).toEqual({
        embeddingWidth: 512,
        image: {
          architecture: "vit",
          width: 768,
          heads: 12,
          layers: 12,
          mlpWidth: 3072,
          patchSize: preset.startsWith("vit-b-16") ? 16 : 32,
          size: imageSize,
          quickGelu,
        },
        text: { width: 512, heads: 8, layers: 12, contextLength: 77, vocabSize: 49_408, quickGelu },
        preprocessing: OPENAI,
      });
    });
  },
);

describe("a config", () => {
  it("may leave out all that open_clip has a default for, and be open_clip's own of a model", async () => {
    const expected = {
      embeddingWidth: 512,
      image: { ...BASE, size: 224 },
      text: { width: 512, heads: 8, layers: 12, contextLength: 77, vocabSize: 49_408, quickGelu: false },
      preprocessing: OPENAI,
    };
    expect(await read({ model_cfg: LEAST })).toEqual(expected);
    expect(await read({ model_cfg: LEAST, preprocess_cfg: {} })).toEqual(expected);
    expect(await read(LEAST)).toEqual(expected);
  });

  it.each<[string, object]>([
    [
      "vision_cfg",
      { timm_pool: "avg", timm_proj: "linear", timm_drop_path: null, timm_model_pretrained: true },
    ],
    ["vision_cfg", { timm_pool: "", image_size: [224, 224], patch_dropout: 0.5, layers: 12, patch_size: 16 }],
    [
      "vision_cfg",
      { timm_model_name: "convnext_base.clip_laion2b_augreg", image_size: [224], new_field: "x" },
    ],
    ["text_cfg", { pool_type: "argmax", mlp_ratio: 4, ls_init_value: null, pad_id: 0, output_tokens: true }],
    [
      "text_cfg",
      { hf_tokenizer_name: "", hf_model_pretrained: true, tokenizer_kwargs: {}, act_kwargs: null },
    ],
    ["text_cfg", { tokenizer_kwargs: { clean: "lower" }, width: null }],
    ["preprocess_cfg", { mode: "RGB", interpolation: "random", resize_mode: null, fill_color: 0, size: 224 }],
    ["model_cfg", { quick_gelu: false, custom_text: false, init_logit_scale: 2.6, init_logit_bias: null }],
    ["model_cfg", { output_dict: true, anything: { at: "all" } }],
  ])("may say in %s what does not change the computation: %j", async (part, fields) => {
    expect(await read(changed(part, fields))).toEqual(await read(LEAST));
  });

  it("has its pictures' statistics in either place, for all channels or for each", async () => {
    const vision = changed("vision_cfg", { image_mean: [0.1, 0.2, 0.3], image_std: 0.5 });
    expect((await read(vision)).preprocessing).toEqual({
      ...OPENAI,
      mean: [0.1, 0.2, 0.3],
      std: [0.5, 0.5, 0.5],
    });
    const both = { ...vision, preprocess_cfg: { mean: [0.4, 0.5, 0.6], std: null } };
    expect((await read(both)).preprocessing).toMatchObject({ mean: [0.4, 0.5, 0.6], std: [0.5, 0.5, 0.5] });
  });

  it.each<[string, string, unknown]>([
    ["model_cfg", "custom_text", true],
    ["model_cfg", "multimodal_cfg", { width: 512 }],
    ["model_cfg", "init_logit_bias", -10],
    ["vision_cfg", "timm_pool", "abs_attn"],
    ["vision_cfg", "timm_proj", "mlp"],
    ["vision_cfg", "timm_proj", ""],
    ["vision_cfg", "timm_proj_bias", true],
    ["vision_cfg", "attentional_pool", true],
    ["vision_cfg", "pool_type", "avg"],
    ["vision_cfg", "qk_norm", true],
    ["text_cfg", "vocab_size", 32_000],
    ["text_cfg", "hf_model_name", "roberta-base"],
    ["text_cfg", "hf_tokenizer_name", "bert-base-uncased"],
    ["text_cfg", "embed_cls", true],
    ["text_cfg", "no_causal_mask", true],
    ["text_cfg", "pool_type", "last"],
    ["text_cfg", "proj_type", "none"],
    ["text_cfg", "proj_bias", true],
    ["text_cfg", "mlp_ratio", 3.5],
    ["text_cfg", "ls_init_value", 1e-5],
    ["text_cfg", "act_kwargs", { approximate: "tanh" }],
    ["text_cfg", "norm_kwargs", { eps: 1e-6 }],
    ["preprocess_cfg", "interpolation", "bilinear"],
    ["preprocess_cfg", "resize_mode", "squash"],
    ["preprocess_cfg", "mode", "L"],
  ])("is refused by the field that is not supported: %s.%s = %j", async (part, field, value) => {
    const shown = JSON.stringify(value).replaceAll(/[{}[\]()+.]/g, String.raw`\$&`);
    await expect(read(changed(part, { [field]: value }))).rejects.toThrow(
      new RegExp(`config\\.json: \\S*${part}\\.${field} ${shown} is not supported`),
    );
  });

  it("is refused by a tokenizer that cleans otherwise, a picture that is not square, a field of the wrong type", async () => {
    const cleans = changed("text_cfg", { tokenizer_kwargs: { clean: "canonicalize" } });
    await expect(read(cleans)).rejects.toThrow(
      'tokenizer_kwargs.clean "canonicalize" is not supported; "lower" is',
    );
    await expect(read(changed("vision_cfg", { image_size: [224, 336] }))).rejects.toThrow("image_size");
    await expect(read(changed("text_cfg", { heads: "8" }))).rejects.toThrow("model_cfg.text_cfg.heads");
    await expect(read({ model_cfg: { ...LEAST, embed_dim: null } })).rejects.toThrow("model_cfg.embed_dim");
  });

  it("has QuickGELU in both towers of a ViT, and beside a ConvNeXt in the text tower alone", async () => {
    const beside = await read(changed("model_cfg", { quick_gelu: true }));
    expect([beside.image, beside.text.quickGelu]).toEqual([{ ...BASE, size: 224 }, true]);
    const vit = await read({ ...LEAST, quick_gelu: true, vision_cfg: {} });
    expect([vit.image, vit.text.quickGelu]).toMatchObject([{ architecture: "vit", quickGelu: true }, true]);
  });

  it("without a timm_model_name is of a ViT, whose defaults are open_clip's", async () => {
    const { image } = await read({ ...LEAST, vision_cfg: {} });
    expect(image).toEqual({
      architecture: "vit",
      width: 768,
      heads: 12,
      layers: 12,
      mlpWidth: 3072,
      patchSize: 16,
      size: 224,
      quickGelu: false,
    });
    const large = { layers: 40, width: 1408, head_width: 88, mlp_ratio: 4.3637, patch_size: 14 };
    const { image: giant } = await read({ ...LEAST, vision_cfg: large });
    expect(giant).toMatchObject({ width: 1408, heads: 16, layers: 40, mlpWidth: 6144, patchSize: 14 });
    await expect(read({ ...LEAST, vision_cfg: { width: 100 } })).rejects.toThrow(
      "width 100 is not a multiple of head_width 64",
    );
  });

  // Each config is the part of open_clip's own config of that name that shows the kind of model.
  it.each<[name: string, config: object, is: string, needs: string]>([
    [
      "ViT-B-16-SigLIP",
      {
        init_logit_bias: -10,
        custom_text: true,
        vision_cfg: { timm_model_name: "vit_base_patch16_siglip_224" },
      },
      "this is a SigLIP",
      "it would need attention pooling",
    ],
    [
      "a SigLIP without its bias",
      { vision_cfg: { timm_model_name: "vit_base_patch16_siglip_224", timm_pool: "map" } },
      "this is a SigLIP",
      "its own tokenizer",
    ],
    [
      "EVA02-B-16",
      { custom_text: true, vision_cfg: { timm_model_name: "eva02_base_patch16_clip_224" } },
      "is a ViT of timm's",
      "it would need a conversion",
    ],
    [
      "MobileCLIP-B",
      { custom_text: true, vision_cfg: { timm_model_name: "vit_base_mci_224" } },
      "hybrid stem",
      "it would need those as steps of the engine",
    ],
    [
      "swin_base_patch4_window7_224",
      { vision_cfg: { timm_model_name: "swin_base_patch4_window7_224" } },
      "another network of timm's",
      "it would need a tower of its own",
    ],
    [
      "RN50",
      { vision_cfg: { layers: [3, 4, 6, 3], width: 64 } },
      "modified ResNet",
      "it would need attention",
    ],
    [
      "coca_ViT-B-32",
      { custom_text: true, multimodal_cfg: { width: 512 }, vision_cfg: { patch_size: 32 } },
      "this is a CoCa",
      "it would need attention pooling",
    ],
    [
      "a ViT with attention pooling",
      { vision_cfg: { attentional_pool: true } },
      "ends in attention pooling",
      "it would need attention pooling",
    ],
    [
      "xlm-roberta-base-ViT-B-32",
      { vision_cfg: { patch_size: 32 }, text_cfg: { hf_model_name: "xlm-roberta-base" } },
      "multilingual text tower",
      "it would need xlm-roberta-base",
    ],
    [
      "roberta-ViT-B-32",
      { vision_cfg: { patch_size: 32 }, text_cfg: { hf_model_name: "roberta-base" } },
      "one of Hugging Face's transformers",
      "it would need roberta-base",
    ],
    [
      "ViT-H-14-worldwide",
      { vision_cfg: {}, text_cfg: { hf_tokenizer_name: "facebook/xlm-v-base", vocab_size: 901_629 } },
      "another tokenizer",
      "it would need facebook/xlm-v-base",
    ],
    [
      "another CustomTextCLIP",
      { custom_text: true, vision_cfg: { patch_size: 32 } },
      "this is a CustomTextCLIP",
      "it would need a reader",
    ],
  ])("of %s is refused by what it is and what it would need", async (_, config, is, needs) => {
    const refusal = read({ ...LEAST, ...config }).catch((error: Error) => error.message);
    expect(await refusal).toContain("is not supported: ");
    expect(await refusal).toContain(is);
    expect(await refusal).toContain(needs);
  });

  it("that is missing is said to be, with one to begin with that is right", async () => {
    const missing = join(folder, "nowhere", CONFIG_NAME);
    const refusal = await readModelConfig(missing).catch((error: unknown) => error);
    const [sentence = "", example = ""] = (refusal as Error).message.split("\n");
    expect(sentence).toContain(`${missing} is missing`);
    expect(sentence).toContain("docs/checkpoints.md");
    const document = await readFile(join(import.meta.dirname, "../../docs/checkpoints.md"), "utf8");
    const [, documented = ""] = /```json\n([^`]+)```/.exec(document) ?? [];
    for (const written of [example, documented]) {
      expect(await read(JSON.parse(written))).toEqual(
        await readModelConfig(join(FIXTURES, "base_w-laion2b.json")),
      );
    }
  });
});
