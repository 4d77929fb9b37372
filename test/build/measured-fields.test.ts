/**
 * What a build measures with the towers that it made: the cosine of unrelated pictures, and the scale of int8 vectors.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { silentProgress } from "../../build/report/progress.ts";
import { SYNTHETIC_MODELS, type SyntheticModel } from "../../build/synthetic/configs.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";
import { backgroundOf, DEFAULT_BACKGROUND } from "../../functions/adapter/background.ts";
import { int8Scale } from "../../functions/gateway/vectors/output-type.ts";
import type { NewestManifest } from "../../model-shards/manifest.ts";
import { buildCheckpoint } from "../../scripts/models/build-checkpoint.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { backgroundCosine } from "../../scripts/towers/background-cosine.ts";
import { bestInt8Scale, measureInt8Scale } from "../../scripts/towers/int8-scale.ts";
import { random, unitVector } from "../support/random.ts";
import { DEMO_MODEL } from "../support/workers.ts";

it("are by default those of the demonstration model, whose manifest has none", async () => {
  const manifest = await readManifest(DEMO_MODEL);
  expect(manifest).not.toHaveProperty("background_cosine");
  expect(manifest).not.toHaveProperty("int8_scale");
  expect(await backgroundCosine(DEMO_MODEL, manifest.image)).toBe(DEFAULT_BACKGROUND);
  expect(backgroundOf(manifest)).toBe(DEFAULT_BACKGROUND);
  expect(await measureInt8Scale(DEMO_MODEL, manifest)).toBeCloseTo(int8Scale(manifest), 6);
});

it("are in the manifest of a build, the same each time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-measured-"));
  try {
    const checkpoint = await writeSynthetic(
      folder,
      SYNTHETIC_MODELS["tiny"] as SyntheticModel,
      "safetensors",
    );
    const build = async (name: string): Promise<NewestManifest> => {
      const options = { id: "test/measured", alias: "measured", out: join(folder, name), samples: 1 };
      return (await buildCheckpoint(checkpoint, { ...options, progress: silentProgress })).manifest;
    };
    const manifest = await build("first");
    expect(manifest.background_cosine).toBe(await backgroundCosine(join(folder, "first"), manifest.image));
    expect(backgroundOf(manifest)).toBe(manifest.background_cosine);
    expect(manifest.int8_scale).toBe(await measureInt8Scale(join(folder, "first"), manifest));
    expect(int8Scale(manifest)).toBe(manifest.int8_scale);
    expect((await build("second")).revision).toBe(manifest.revision);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("the scale of int8 neither clips what tells vectors apart nor leaves room for what does not", () => {
  const width = 256;
  const next = random(7);
  const vectors = (count: number): Float32Array[] =>
    Array.from({ length: count }, () => unitVector(width, next));
  const deviations = (some: Float32Array[]): number => bestInt8Scale(some, some) * Math.sqrt(width);
  const even = vectors(20);
  // Uniform values, so that none is above the square root of 3.
  expect(deviations(even)).toBe(2);
  // The same large value in every vector orders nothing, so it may be clipped.
  const sameOutlier = even.map((vector) => scaled(vector.map((value, i) => (i === 3 ? 0.8 : value))));
  expect(deviations(sameOutlier)).toBeLessThanOrEqual(2.5);
  // A few large values that differ order everything.
  const spiky = even.map((vector) => scaled(vector.map((value, i) => (i < 8 ? 6 * value : value))));
  expect(deviations(spiky)).toBeGreaterThan(deviations(even));
});

function scaled(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
