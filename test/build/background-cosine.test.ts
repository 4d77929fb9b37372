/** The cosine of unrelated pictures: measured as a build does, and written into the manifest. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { silentProgress } from "../../build/report/progress.ts";
import { SYNTHETIC_MODELS, type SyntheticModel } from "../../build/synthetic/configs.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";
import { backgroundOf, DEFAULT_BACKGROUND } from "../../functions/adapter/background.ts";
import type { NewestManifest } from "../../model-shards/manifest.ts";
import { buildCheckpoint } from "../../scripts/model-build/build-checkpoint.ts";
import { readManifest } from "../../scripts/models/models-in-r2.ts";
import { backgroundCosine } from "../../scripts/towers/background-cosine.ts";
import { DEMO_MODEL } from "../support/workers.ts";

it("is by default that of the demonstration model, whose manifest has none", async () => {
  const manifest = await readManifest(DEMO_MODEL);
  expect(manifest).not.toHaveProperty("background_cosine");
  expect(await backgroundCosine(DEMO_MODEL, manifest.image)).toBe(DEFAULT_BACKGROUND);
  expect(backgroundOf(manifest)).toBe(DEFAULT_BACKGROUND);
});

it("is in the manifest of a build, the same each time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-background-"));
  try {
    const checkpoint = await writeSynthetic(
      folder,
      SYNTHETIC_MODELS["tiny"] as SyntheticModel,
      "safetensors",
    );
    const build = async (name: string): Promise<NewestManifest> => {
      const options = { id: "test/background", alias: "background", out: join(folder, name), samples: 1 };
      return (await buildCheckpoint(checkpoint, { ...options, progress: silentProgress })).manifest;
    };
    const manifest = await build("first");
    expect(manifest.background_cosine).toBe(await backgroundCosine(join(folder, "first"), manifest.image));
    expect(backgroundOf(manifest)).toBe(manifest.background_cosine);
    expect((await build("second")).revision).toBe(manifest.revision);
  } finally {
    await rm(folder, { recursive: true });
  }
});
