/**
 * A full-size checkpoint with outliers: the build measures it and promotes blocks until it passes verification, and the
 * Workers run it within their memory. Prints the tables of `docs/benchmarks/outliers.md`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { summary } from "../../build/report/summary.ts";
import { silentProgress } from "../../build/report/progress.ts";
import type { BuildReport } from "../../build/build-model.ts";
import { ortGraphs } from "../../scripts/towers/ort-graphs.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { exampleSamples } from "../../scripts/towers/samples.ts";
import { belowFloor, verifyTable } from "../../scripts/models/verify-report.ts";
import { verifyModel } from "../../scripts/models/verify-model.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { startWorkers, totalBytes } from "../support/workers.ts";

const FLOOR = 0.999;
/** Most bytes that an isolate may hold; the platform's limit is 128 MB. */
const LIMIT_BYTES = 120_000_000;
const SAMPLES = exampleSamples(3);

describe.runIf(process.env["SMOKE"] !== "1")("base_w with outliers", () => {
  let folder: string;
  let built: BuildReport & { out: string; checkpoint: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    const calibration = { open: await ortGraphs(), samples: SAMPLES, floor: FLOOR };
    built = await buildSynthetic("base_w", folder, { outliers: true, calibration });
    console.log(summary(built));
  }, 900_000);

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it("is promoted until it verifies", async () => {
    for (const { embedding } of built.towers) expect(embedding.before.cosine).toBeLessThan(FLOOR);
    const towers = await verifyModel({
      folder: built.out,
      checkpoint: built.checkpoint,
      config: join(dirname(built.checkpoint), "open_clip_config.json"),
      open: await ortGraphs(),
      samples: SAMPLES,
      progress: silentProgress,
    });
    console.log(verifyTable(towers));
    expect(belowFloor(towers, FLOOR)).toEqual([]);
  });

  it("fits the Workers, which give the same embeddings", async () => {
    const towers = await NodeTowers.load(built.out);
    const workers = await startWorkers({ model: built.out });
    const vector = async (path: string, body: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>) =>
      new Float32Array(await (await workers.probe(path, body)).arrayBuffer());
    try {
      const { image, text } = built.manifest;
      const { size } = image;
      for (const { data } of await SAMPLES.pictures(image)) {
        const found = await vector(`/tensor?height=${size}&width=${size}`, new Float32Array(data));
        expect(cosine(found, towers.embedTensor(data, size, size))).toBeGreaterThanOrEqual(FLOOR);
      }
      const long = (await exampleSamples(12).texts(text.context_length)).toSorted(
        (a, b) => b.length - a.length,
      );
      for (const ids of long.slice(0, 2)) {
        const found = await vector(`/tokens?lengths=${ids.length}`, Int32Array.from(ids));
        expect(cosine(found, await towers.embedTokens(ids))).toBeGreaterThanOrEqual(FLOOR);
      }
      for (const [name, held] of await workers.memory()) {
        console.log(`${name}: ${(totalBytes(held) / 1e6).toFixed(1)} MB`);
        expect(totalBytes(held), name).toBeLessThanOrEqual(LIMIT_BYTES);
      }
    } finally {
      await workers.dispose();
    }
  });
});
