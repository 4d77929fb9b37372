/** Checkpoints that can be read but are not the model their config describes: an error names the tensor or figure. */
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
    ["another tower", { ...TINY, timmName: "vit_base" }, '"vit_base" is no ConvNeXt'],
  ])("whose config has %s is refused", async (_, model, reason) => {
    await expect(build(tensors, openClipConfig(model as SyntheticModel))).rejects.toThrow(reason);
  });

  it("whose config is not JSON is refused", async () => {
    await expect(build(tensors, "{")).rejects.toThrow("not readable as JSON");
  });

  it("is not built for a size that the strides do not divide", async () => {
    await expect(build(tensors, undefined, 100)).rejects.toThrow("100 is not a multiple of 32");
  });
});
