/** The image tower in one Worker, in two and in three: the same bits, and one call of each Worker. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import mini from "../fixtures/reference/mini.json" with { type: "json" };
import { planStages, stagesNeeded, wasmBytes } from "../../model-shards/plan-stages.ts";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { startWorkers } from "../support/workers.ts";

const [PICTURE] = mini.images;

describe("stages", () => {
  let folder: string;
  let model: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    // Small shards, so that a small model has several to spread.
    model = (await buildSynthetic("mini", folder, { shardBytes: 150_000 })).out;
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function run(stages: number): Promise<{ tensor: Float32Array; answer: unknown; runs: number[] }> {
    const workers = await startWorkers({ model, stages });
    try {
      const { input, size } = PICTURE ?? { input: "", size: 0 };
      const response = await workers.probe(
        `/tensor?height=${size}&width=${size}`,
        syntheticInput(input, 3 * size * size),
      );
      const images = [await exampleBase64("fox.png"), await exampleBase64("grapes.png")];
      const { body } = await post(`${workers.url}/v1/similarity`, { images, texts: ["fox", "grapes"] });
      const stats = await (await workers.probe("/stats", new Uint8Array())).json();
      const { vision } = stats as { vision: { runs: number }[] };
      return {
        tensor: new Float32Array(await response.arrayBuffer()),
        answer: body.data,
        runs: vision.map((stage) => stage.runs),
      };
    } finally {
      await workers.dispose();
    }
  }

  it("give the same bits however many there are", async () => {
    const whole = await run(1);
    expect(cosine(whole.tensor, PICTURE?.embedding ?? [])).toBeGreaterThan(0.999);
    expect(whole.runs).toEqual([3]);
    for (const stages of [2, 3]) {
      const cut = await run(stages);
      expect(cut.tensor).toEqual(whole.tensor);
      expect(cut.answer).toEqual(whole.answer);
      // Each stage ran once for each of the three pictures.
      expect(cut.runs).toEqual(Array.from({ length: stages }, () => 3));
    }
  });

  it.each([
    ["first", 0],
    ["last", -1],
  ])("name in the log what the %s of them lacks, and recover", async (_, at) => {
    const workers = await startWorkers({ model, stages: 2 });
    try {
      const { image } = await readManifest(model);
      const file = image.shards.at(at)?.weights.file ?? "";
      const key = `${workers.prefix}/${file}`;
      await workers.models.delete(key);
      const request = { image: await exampleBase64("fox.png"), texts: ["fox"] };
      const refused = await post(`${workers.url}/v1/similarity`, request);
      expect(refused.status).toBe(503);
      expect(workers.logs.join("\n")).toContain(`${file}: it is missing`);
      await workers.models.put(key, await readFile(join(model, file)));
      expect((await post(`${workers.url}/v1/similarity`, request)).status).toBe(200);
    } finally {
      await workers.dispose();
    }
  });

  it("are cut where the largest is smallest", async () => {
    const { shards } = (await readManifest(model)).image;
    expect(shards.length).toBeGreaterThanOrEqual(3);
    const plan = planStages(shards, 2);
    expect(plan.flat()).toEqual(shards);
    const largest = Math.max(...plan.map((stage) => wasmBytes(stage, "ort")));
    for (let cut = 1; cut < shards.length; cut++) {
      const other = Math.max(wasmBytes(shards.slice(0, cut), "ort"), wasmBytes(shards.slice(cut), "ort"));
      expect(largest).toBeLessThanOrEqual(other);
    }
    expect(stagesNeeded(shards)).toBe(1);
  });
});
