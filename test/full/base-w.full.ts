/**
 * Compares the deployed Workers with the reference's outputs at full size, 179 M parameters. Run by
 * `npm run test:full`, which builds the model unless `.cache/` has it. With `SMOKE=1`, only int8 at 256 pixels is
 * tested.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { parseEngine, stagesNeeded } from "../../model-shards/plan-stages.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { WORKER_CONFIGS } from "../../scripts/worker-configs.ts";
import baseW from "../fixtures/reference/base_w.json" with { type: "json" };
import { cosine } from "../support/cosine.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { startWorkers, totalBytes, type Workers } from "../support/workers.ts";

const SMOKE = process.env["SMOKE"] === "1";
/** Most bytes that an isolate may hold; the platform's limit is 128 MB. */
const LIMIT_BYTES = 120_000_000;

const BUILDS = [
  { size: 256, precision: "int8", imageBar: 0.9998, textBar: 0.999 },
  { size: 320, precision: "int8", imageBar: 0.9998, textBar: 0.999 },
  { size: 384, precision: "int8", imageBar: 0.9998, textBar: 0.999 },
  // fp32 distinguishes errors of the graph from errors of quantization: it may differ only by rounding.
  { size: 256, precision: "fp32", imageBar: 0.9999, textBar: 0.9999 },
  { size: 320, precision: "fp32", imageBar: 0.9999, textBar: 0.9999 },
] as const;

describe.each(SMOKE ? BUILDS.slice(0, 1) : BUILDS)(
  "base_w at $size, $precision",
  ({ size, precision, imageBar, textBar }) => {
    let model: string;
    let workers: Workers;

    beforeAll(async () => {
      model = await fullSizeModel(size, precision);
      workers = await startWorkers({ model });
    }, 120_000);

    afterAll(async () => {
      await workers.dispose();
    });

    it.each(baseW.images.filter((image) => image.size === size))("embeds $input", async (image) => {
      const pixels = syntheticInput(image.input, 3 * size * size);
      const response = await workers.probe(`/tensor?height=${size}&width=${size}`, pixels);
      expect(response.status).toBe(200);
      const found = cosine(new Float32Array(await response.arrayBuffer()), image.embedding);
      console.log(`${image.input} ${precision}: cosine ${found.toFixed(7)}`);
      expect(found).toBeGreaterThanOrEqual(imageBar);
    });

    it("embeds the texts", async () => {
      // The fp32 text tower, 240 MB, does not fit an isolate, so it is tested outside of the Workers.
      const towers = precision === "fp32" ? await NodeTowers.load(model) : undefined;
      for (const { text, ids, embedding } of baseW.texts) {
        const found = towers === undefined ? await embedText(ids) : await towers.embedTokens(ids);
        const similarity = cosine(found, embedding);
        console.log(`${ids.length} tokens ${precision}: cosine ${similarity.toFixed(7)}`);
        expect(similarity, text).toBeGreaterThanOrEqual(textBar);
      }
    });

    it.runIf(precision === "int8")("stays within every isolate's memory", async () => {
      const { image } = await readManifest(model);
      const memory = await workers.memory();
      expect(memory.size).toBe(
        WORKER_CONFIGS.length - 1 + stagesNeeded(image.shards, parseEngine(process.env["ENGINE"])),
      );
      for (const [name, held] of memory) expect(totalBytes(held), name).toBeLessThanOrEqual(LIMIT_BYTES);
    });

    async function embedText(ids: number[]): Promise<Float32Array> {
      const response = await workers.probe(`/tokens?lengths=${ids.length}`, Int32Array.from(ids));
      expect(response.status).toBe(200);
      return new Float32Array(await response.arrayBuffer());
    }
  },
);
