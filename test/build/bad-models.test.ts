/** Checkpoints that can be read but are not the model their config describes: the error names the tensor or value. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildModel } from "../../build/build-model.ts";
import { silentProgress } from "../../build/report/progress.ts";
import { openClipConfig, SYNTHETIC_MODELS, type SyntheticModel } from "../../build/synthetic/configs.ts";
import type { TensorSource } from "../../build/synthetic/tensor-source.ts";
import { writeSafetensors } from "../../build/synthetic/write-safetensors.ts";
import { syntheticTensors } from "../../build/synthetic/write-synthetic.ts";

const TINY = SYNTHETIC_MODELS["tiny"] as SyntheticModel;
const GAMMA = "visual.trunk.stages.2.blocks.1.gamma";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function build(tensors: TensorSource[], config: unknown = openClipConfig(TINY), imageSize?: number) {
  const checkpoint = join(folder, "model.safetensors");
  await writeSafetensors(checkpoint, tensors, "F16");
  await writeFile(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return await buildModel({
    checkpoint,
    config: join(folder, "config.json"),
    out: join(folder, "out"),
    id: "x/bad",
    alias: "bad",
    license: "mit",
    precision: "int8",
    ...(imageSize === undefined ? {} : { imageSize }),
    progress: silentProgress,
  });
}

describe("a checkpoint", () => {
  const tensors = syntheticTensors(TINY);

  it("with a tensor missing is refused by its name", async () => {
    await expect(build(tensors.filter(({ name }) => name !== GAMMA))).rejects.toThrow(`${GAMMA} is missing`);
  });

  it("with a tensor too many is refused by its name", async () => {
    const extra = { name: "visual.head.mlp.weight", shape: [2], values: () => Float32Array.of(1, 2) };
    await expect(build([...tensors, extra])).rejects.toThrow("visual.head.mlp.weight does not belong");
  });

  it("with a misshapen tensor is refused with both shapes", async () => {
    const bent = tensors.map((tensor) =>
      tensor.name === "ln_final.bias"
        ? { ...tensor, shape: [32], values: () => new Float32Array(32) }
        : tensor,
    );
    await expect(build(bent)).rejects.toThrow("ln_final.bias is [32], expected [64]");
  });

  it("with a NaN is refused with its place", async () => {
    const sick = tensors.map((tensor) =>
      tensor.name === GAMMA ? { ...tensor, values: () => tensor.values().with(5, NaN) } : tensor,
    );
    await expect(build(sick)).rejects.toThrow(`${GAMMA} holds NaN at element 5`);
  });

  it.each([
    ["other depths", { ...TINY, architecture: SYNTHETIC_MODELS["mini"]?.architecture }, "config.json says"],
    ["another tower", { ...TINY, timmName: "vit_base" }, "is a ViT of timm's"],
    ["an unknown ConvNeXt", { ...TINY, timmName: "convnext_tall" }, '"convnext_tall" is no ConvNeXt'],
    [
      "a ViT",
      SYNTHETIC_MODELS["vit_tiny"],
      "checkpoint has image tower convnext, open_clip_config.json says vit",
    ],
  ])("whose config has %s is refused", async (_, model, reason) => {
    await expect(build(tensors, openClipConfig(model as SyntheticModel))).rejects.toThrow(reason);
  });

  it("whose config is not JSON is refused", async () => {
    await expect(build(tensors, "{")).rejects.toThrow("is not valid JSON");
  });

  it("is not built for a size that the strides do not divide", async () => {
    await expect(build(tensors, undefined, 100)).rejects.toThrow("100 is not a multiple of 32");
  });
});

describe("a ViT's checkpoint", () => {
  const VIT = SYNTHETIC_MODELS["vit_tiny"] as SyntheticModel;
  const tensors = syntheticTensors(VIT);
  const CLASS = "visual.class_embedding";
  const POSITIONS = "visual.positional_embedding";

  /** The config with fields of its `vision_cfg` changed. */
  function config(vision: object): object {
    const { model_cfg: model, ...rest } = openClipConfig(VIT) as { model_cfg: { vision_cfg: object } };
    return { ...rest, model_cfg: { ...model, vision_cfg: { ...model.vision_cfg, ...vision } } };
  }

  /** The tensors, one of them with another shape. */
  function bent(name: string, shape: number[]): TensorSource[] {
    const values = (): Float32Array<ArrayBuffer> =>
      new Float32Array(shape.reduce((product, size) => product * size, 1));
    return tensors.map((tensor) => (tensor.name === name ? { name, shape, values } : tensor));
  }

  it("builds as it is", async () => {
    const { manifest } = await build(tensors, config({}));
    expect(manifest.image).toMatchObject({
      architecture: "vit",
      size: 64,
      patch_size: 32,
      heads: 1,
      layers: 1,
    });
  });

  it.each([
    ["width", { width: 128 }, "vision width 64, open_clip_config.json says 128"],
    ["layers", { layers: 2 }, "vision layers 1, open_clip_config.json says 2"],
    ["patch_size", { patch_size: 16 }, "vision patch_size 32, open_clip_config.json says 16"],
    ["mlp_ratio", { mlp_ratio: 3 }, "vision MLP width 256, open_clip_config.json says 192"],
  ])("whose config contradicts the tensors' %s is refused", async (_, fields, reason) => {
    await expect(build(tensors, config(fields))).rejects.toThrow(reason);
  });

  it("whose config is a ConvNeXt's is refused", async () => {
    await expect(build(tensors, openClipConfig(TINY))).rejects.toThrow(
      "checkpoint has image tower vit, open_clip_config.json says convnext",
    );
  });

  it("without a class token is refused", async () => {
    await expect(
      build(
        tensors.filter(({ name }) => name !== CLASS),
        config({}),
      ),
    ).rejects.toThrow(`${CLASS} is missing: a ViT without a class token would need another pooling`);
  });

  it("with a positional embedding of another size is refused with the size it was trained at", async () => {
    await expect(build(bent(POSITIONS, [50, 64]), config({}))).rejects.toThrow(
      "has 50 positions, but pictures of 64 pixels in patches of 32 need 5. It was trained at 224 pixels",
    );
    await expect(build(bent(POSITIONS, [4, 64]), config({}))).rejects.toThrow("has 4 positions");
    await expect(build(bent(POSITIONS, [5, 32]), config({}))).rejects.toThrow("is [5, 32], expected [5, 64]");
  });

  it("is not built for pictures that its patches do not divide, or of another size", async () => {
    await expect(build(tensors, config({ image_size: 100 }))).rejects.toThrow(
      "patch_size 32 does not divide image size 100",
    );
    await expect(build(tensors, config({}), 100)).rejects.toThrow("does not divide image size 100");
    await expect(build(tensors, config({}), 96)).rejects.toThrow("cannot resample it for another size");
  });

  it("with patches that are not square is refused", async () => {
    await expect(build(bent("visual.conv1.weight", [64, 3, 16, 32]), config({}))).rejects.toThrow(
      "visual.conv1.weight is [64, 3, 16, 32], expected [64, 3, 32, 32]",
    );
  });
});

describe("a checkpoint whose image tower is of another type", () => {
  const text = syntheticTensors(TINY).filter(({ name }) => !name.startsWith("visual."));
  it.each([
    ["visual.layer1.0.conv1.weight", "those of OpenAI's modified ResNet"],
    ["visual.trunk.blocks.0.norm1.weight", "those of a ViT of timm's"],
    ["visual.trunk.patch_embed.backbone.stem.conv.weight", "a hybrid stem"],
    ["visual.attn_pool.query", "attention pooling (CoCa)"],
    ["vision_model.embeddings.class_embedding", "Hugging Face's transformers; convert it"],
    ["text.transformer.embeddings.word_embeddings.weight", "those of a CustomTextCLIP"],
    ["logit_bias", "those of a SigLIP"],
    ["visual.mixer.0.weight", "unknown type (its first is visual.mixer.0.weight)"],
    ["other", "unknown type (none begins with visual.)"],
  ])("%s is refused by its kind", async (name, reason) => {
    await expect(build([...text, { name, shape: [2], values: () => Float32Array.of(1, 2) }])).rejects.toThrow(
      reason,
    );
  });
});
