/**
 * A ViT with outliers: plain int8 loses its embedding, a measured build promotes, and both engines run what it built.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SimdEngine } from "../../functions/runtime/simd/simd-engine.ts";
import { plannedShape } from "../../functions/runtime/tower/planned-shape.ts";
import { FolderBucket } from "../../scripts/towers/folder-bucket.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { ortGraphs } from "../../scripts/towers/ort-graphs.ts";
import { exampleSamples } from "../../scripts/towers/samples.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { simdModule } from "../support/models/simd-kernels.ts";

const FLOOR = 0.999;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

it("promotes until every block and embedding meets the floor, and both engines keep it", async () => {
  const calibration = { open: await ortGraphs(), samples: exampleSamples(3), floor: FLOOR };
  const options = { outliers: true, calibration };
  const { out, towers, manifest } = await buildSynthetic("vit_mini", join(folder, "promoted"), options);
  for (const { tower, embedding, worst, blocks } of towers) {
    expect(embedding.before.cosine, tower).toBeLessThan(FLOOR);
    expect(embedding.after.cosine, tower).toBeGreaterThanOrEqual(FLOOR);
    expect(worst.after.cosine, tower).toBeGreaterThanOrEqual(FLOOR);
    // Both towers have such a block: each must have its own scales.
    const first = tower === "image" ? "visual.resblocks.0" : "resblocks.0";
    expect(blocks.map(({ name }) => name)).toContain(first);
  }
  const inFp32 = { outliers: true, precision: "fp32" as const };
  const exact = await NodeTowers.load((await buildSynthetic("vit_mini", join(folder, "exact"), inFp32)).out);
  const ort = await NodeTowers.load(out);
  const { shards, size } = manifest.image;
  const source = { bucket: new FolderBucket(out), prefix: "." };
  const inputShape = plannedShape(shards, { height: size, width: size });
  const simd = new SimdEngine(() => simdModule("relaxed"), { shards, source, inputShape });
  await simd.load(() => {});
  // Those that the build measured with, and one more.
  for (const { data } of await exampleSamples(4).pictures(manifest.image)) {
    const wanted = exact.embedTensor(data, size, size);
    const found = simd.run({ data: data.slice(), shape: [1, 3, size, size] }, {}).data as Float32Array;
    expect(cosine(ort.embedTensor(data, size, size), wanted)).toBeGreaterThanOrEqual(FLOOR);
    expect(cosine(found, wanted)).toBeGreaterThanOrEqual(FLOOR);
  }
});
