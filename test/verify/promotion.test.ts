/**
 * Outliers as pretrained weights have them: plain int8 loses a block and both embeddings, a measured build promotes
 * until the floor is met, and both engines run what it built. Without outliers nothing changes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildReport } from "../../build/build-model.ts";
import type { Open } from "../../build/measure/graph-runner.ts";
import type { Calibration } from "../../build/promote/calibrate.ts";
import { summary } from "../../build/report/summary.ts";
import { SimdEngine } from "../../functions/runtime/simd/simd-engine.ts";
import { plannedShape } from "../../functions/runtime/tower/planned-shape.ts";
import type { Shard } from "../../model-shards/manifest.ts";
import { FolderBucket } from "../../scripts/towers/folder-bucket.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { ortGraphs } from "../../scripts/towers/ort-graphs.ts";
import { exampleSamples } from "../../scripts/towers/samples.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { simdModule } from "../support/models/simd-kernels.ts";

const FLOOR = 0.999;
/** Not those that the build measured with alone, but these and one more. */
const SAMPLES = exampleSamples(4);

async function simdEngine(out: string, shards: Shard[], known: Record<string, number>): Promise<SimdEngine> {
  const source = { bucket: new FolderBucket(out), prefix: "." };
  const inputShape = plannedShape(shards, known);
  const engine = new SimdEngine(() => simdModule("relaxed"), { shards, source, inputShape });
  await engine.load(() => {});
  return engine;
}

describe("a measured build", () => {
  let folder: string;
  let open: Open;
  let promoted: BuildReport & { out: string };
  /** The same weights in fp32. */
  let exact: NodeTowers;

  const calibration = (rest: Partial<Calibration> = {}): Calibration => ({
    open,
    samples: exampleSamples(3),
    floor: FLOOR,
    ...rest,
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    open = await ortGraphs();
    const options = { outliers: true, calibration: calibration() };
    promoted = await buildSynthetic("mini", join(folder, "promoted"), options);
    const inFp32 = { outliers: true, precision: "fp32" as const };
    exact = await NodeTowers.load((await buildSynthetic("mini", join(folder, "exact"), inFp32)).out);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it("without outliers gives the same bytes as one that is not measured", async () => {
    const plain = await buildSynthetic("mini", join(folder, "a"));
    const measured = await buildSynthetic("mini", join(folder, "b"), { calibration: calibration() });
    expect(measured.manifest).toEqual(plain.manifest);
    // A model that needs no promotions keeps its revision, and with it every cache, as long as the manifest's version
    // stays.
    expect(plain.manifest.revision).toBe("10b5e8ced8ec08b2");
    expect(plain.towers).toEqual([]);
    for (const { blocks, promotions, embedding } of measured.towers) {
      expect(blocks).toEqual([]);
      expect(promotions.size).toBe(0);
      expect(embedding.after.cosine).toBeGreaterThanOrEqual(FLOOR);
    }
  });

  it("with outliers promotes until every block and embedding meets the floor", () => {
    for (const { embedding, worst, blocks, bytes, budgetBytes, budgetSpent } of promoted.towers) {
      expect(embedding.before.cosine).toBeLessThan(FLOOR);
      expect(embedding.after.cosine).toBeGreaterThanOrEqual(FLOOR);
      expect(worst.after.cosine).toBeGreaterThanOrEqual(FLOOR);
      expect(budgetSpent).toBe(false);
      expect(bytes).toBeLessThanOrEqual(budgetBytes);
      for (const { before, after, scaled, fineActivations } of blocks) {
        expect(after.relativeError).toBeLessThan(before.relativeError);
        expect(scaled.length + fineActivations.length).toBeGreaterThan(0);
      }
    }
  });

  it("says what it promoted, and what for", () => {
    const text = summary(promoted);
    expect(text).toMatch(/promoted {8}\d blocks, which took \d\.\d of 24 MB/);
    expect(text).toMatch(/resblocks\.0 +0\.99\d+ → 0\.999\d+ .*scales: attn\.in_proj/);
    expect(text).toMatch(/stages\.\d\.blocks\.0 .*16-bit activations: fc2/);
  });

  it("promotes no further than the budget, and says so", async () => {
    const budgetBytes = 100_000;
    const options = { outliers: true, calibration: calibration({ floor: 0.99999, budgetBytes }) };
    const { towers, ...report } = await buildSynthetic("mini", join(folder, "poor"), options);
    for (const { bytes, budgetSpent, embedding } of towers) {
      expect(budgetSpent).toBe(true);
      expect(bytes).toBeLessThanOrEqual(budgetBytes);
      expect(embedding.after.cosine).toBeGreaterThan(embedding.before.cosine);
    }
    expect(summary({ towers, ...report })).toContain("of 0.1 MB, which is not enough");
  });

  it("is what both engines run", async () => {
    expect(await worstOf(promoted)).toBeGreaterThanOrEqual(FLOOR);
  });

  it("may put all of a tower into 16 bits, which both engines run as if it were fp32", async () => {
    const floor = 0.9999;
    const options = { outliers: true, calibration: calibration({ floor }) };
    const fine = await buildSynthetic("mini", join(folder, "fine"), options);
    for (const { embedding, blocks, bytes } of fine.towers) {
      expect(embedding.after.cosine).toBeGreaterThanOrEqual(floor);
      expect(blocks.some(({ fineWeights }) => fineWeights.length > 0)).toBe(true);
      expect(bytes).toBeGreaterThan(0);
    }
    expect(await worstOf(fine)).toBeGreaterThanOrEqual(floor);
  });

  /** The least cosine to fp32 of any sample's embedding from either engine. */
  async function worstOf({ out, manifest: { image, text } }: typeof promoted): Promise<number> {
    const ort = await NodeTowers.load(out);
    const { size } = image;
    const cosines: number[] = [];
    const vision = await simdEngine(out, image.shards, { height: size, width: size });
    for (const { data } of await SAMPLES.pictures(image)) {
      const expected = exact.embedTensor(data, size, size);
      const found = vision.run({ data: data.slice(), shape: [1, 3, size, size] }, {}).data;
      cosines.push(
        cosine(ort.embedTensor(data, size, size), expected),
        cosine(found as Float32Array, expected),
      );
    }
    const language = await simdEngine(out, text.shards, { length: text.context_length });
    for (const ids of await SAMPLES.texts(text.context_length)) {
      const expected = await exact.embedTokens(ids);
      const eot_index = { data: BigInt64Array.of(BigInt(ids.length - 1)), shape: [1, 1] };
      const input = { data: await exact.tokenRows(ids), shape: [1, ids.length, text.width] };
      const found = language.run(input, { eot_index }).data;
      cosines.push(cosine(found as Float32Array, expected));
      // Through the built token table, whose int8 rows have no promotion.
      expect(cosine(await ort.embedTokens(ids), expected)).toBeGreaterThanOrEqual(FLOOR);
    }
    return Math.min(...cosines);
  }
});
