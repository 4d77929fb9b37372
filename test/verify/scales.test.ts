/** Moving scale between a LayerNorm and the layer behind it: the result is the same, to the last bit in fp32. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inferArchitecture } from "../../build/architecture/infer-architecture.ts";
import { readModelConfig } from "../../build/architecture/model-config.ts";
import type { Checkpoint } from "../../build/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../build/checkpoint/open-checkpoint.ts";
import { outputsOf, runUnit } from "../../build/measure/graph-runner.ts";
import { unitFiles } from "../../build/measure/unit-files.ts";
import { channelMagnitudes, foldScales } from "../../build/promote/fold.ts";
import type { Promotion } from "../../build/promote/promotion.ts";
import { SYNTHETIC_MODELS, type SyntheticModel } from "../../build/synthetic/configs.ts";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";
import { type EmittedLinear, Emitter } from "../../build/towers/emitter.ts";
import { imageTower } from "../../build/towers/image-tower.ts";
import { textTower } from "../../build/towers/text-tower.ts";
import type { TowerUnit } from "../../build/towers/tower-unit.ts";
import { ortGraphs } from "../../scripts/towers/ort-graphs.ts";

/** tiny's layers behind a LayerNorm. */
const SCALABLE = {
  image: [
    "stages.0.blocks.0.fc1",
    "stages.1.downsample",
    "stages.1.blocks.0.fc1",
    "stages.2.downsample",
    "stages.2.blocks.0.fc1",
    "stages.2.blocks.1.fc1",
    "stages.3.downsample",
    "stages.3.blocks.0.fc1",
    "image_embeds",
  ],
  text: ["resblocks.0.attn.in_proj", "resblocks.0.mlp.c_fc", "text_embeds"],
};

/** Powers of two from 1/8 to 8; a downsample's four positions share their channels' scales. */
function scaled(name: string, input: number): Promotion {
  const channels = name.endsWith("downsample") ? input / 4 : input;
  return { scales: Float32Array.from({ length: channels }, (_, j) => 2 ** ((j % 7) - 3)) };
}

async function run(units: TowerUnit[]): Promise<Float32Array> {
  const open = await ortGraphs();
  const isImage = units[0]?.name === "stem";
  const shape = isImage ? [1, 3, 64, 64] : [1, 5, 64];
  const elements = shape.reduce((product, size) => product * size, 1);
  const input = { data: syntheticInput("input:64", elements), shape };
  const extra = { eot_index: { data: BigInt64Array.of(4n), shape: [1, 1] } };
  let activations = [input];
  for (const unit of units) {
    const files = await unitFiles(unit);
    activations = outputsOf(
      files,
      runUnit(open, files, [{ input, extra }], activations),
    ) as typeof activations;
  }
  return activations[0]?.data ?? new Float32Array(0);
}

describe("scales", () => {
  it("even out what stands out, by powers of two, and leave the middle alone", () => {
    const scales = foldScales(Float32Array.of(1, 1, 64, 1, 0), Float32Array.of(1, 1, 1, 4, 1), 0.5);
    expect([...scales]).toEqual([1, 1, 8, 0.5, 1]);
    expect([...foldScales(Float32Array.of(1, 1, 64), Float32Array.of(1, 1, 1), 1)]).toEqual([1, 1, 64]);
  });

  it("find each channel's largest magnitude, whatever its sign", () => {
    expect([...channelMagnitudes(Float32Array.of(1, -5, 2, 3), 2)]).toEqual([2, 5]);
  });

  describe("in a tower", () => {
    let folder: string;
    let checkpoint: Checkpoint;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
      const tiny = SYNTHETIC_MODELS["tiny"] as SyntheticModel;
      checkpoint = await openCheckpoint(
        await writeSynthetic(folder, tiny, "safetensors", { outliers: true }),
      );
    });

    afterAll(async () => {
      await checkpoint.close();
      await rm(folder, { recursive: true });
    });

    it.each(["image", "text"] as const)("change no bit of the %s embedding in fp32", async (tower) => {
      const config = await readModelConfig(join(folder, "open_clip_config.json"));
      const architecture = inferArchitecture(checkpoint.tensors, config);
      const read = (name: string): Promise<Float32Array> => checkpoint.read(name);
      const build = tower === "image" ? imageTower : textTower;
      const linears: EmittedLinear[] = [];
      const collect = new Emitter("fp32", new Map(), (linear) => void linears.push(linear));
      const plain = await run(build(architecture, collect, read));
      const scalable = linears.filter(({ norm }) => norm !== undefined);
      expect(scalable.map(({ name }) => name)).toEqual(SCALABLE[tower]);
      const promotions = new Map(
        scalable.map(({ name, input }): [string, Promotion] => [name, scaled(name, input)]),
      );
      expect(await run(build(architecture, new Emitter("fp32", promotions), read))).toEqual(plain);
    });
  });
});
