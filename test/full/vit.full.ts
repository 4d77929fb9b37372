/**
 * ViTs at full size in the deployed Workers. ViT-B-32-256 (151 M parameters) is compared with the reference's outputs,
 * in one deployment with base_w. ViT-L-14 (428 M) has an image tower that needs several Workers. `ENGINE` chooses the
 * engine. Run by `npm run test:full`, which builds the models unless `.cache/` has them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { parseEngine, stagesNeeded } from "../../model-shards/plan-stages.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { WORKER_CONFIGS } from "../../scripts/worker-configs.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import reference from "../fixtures/reference/vit_b_32_256.json" with { type: "json" };
import { cosine } from "../support/cosine.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { fullSizeModel, fullSizeVit } from "../support/models/full-size.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2, readsOfSlowR2 } from "../support/faulty/slow-r2.ts";
import { startWorkers, totalBytes, type Workers } from "../support/workers.ts";

const SMOKE = process.env["SMOKE"] === "1";
/** Most bytes that an isolate may hold; the platform's limit is 128 MB. */
const LIMIT_BYTES = 120_000_000;
const SIZE = 256;
const ENGINE = parseEngine(process.env["ENGINE"]);

const PRECISIONS = [
  { precision: "int8", bar: 0.999 },
  // fp32 distinguishes errors of the graph from errors of quantization: it may differ only by rounding.
  { precision: "fp32", bar: 0.99999 },
] as const;

async function floats(response: Response): Promise<Float32Array> {
  expect(response.status).toBe(200);
  return new Float32Array(await response.arrayBuffer());
}

function embedImage(workers: Workers, input: string, size: number): Promise<Response> {
  return workers.probe(`/tensor?height=${size}&width=${size}`, syntheticInput(input, 3 * size * size));
}

describe.each(SMOKE ? PRECISIONS.slice(0, 1) : PRECISIONS)(
  "vit_b_32_256, $precision",
  ({ precision, bar }) => {
    let model: string;
    let workers: Workers;
    let towers: NodeTowers | undefined;

    beforeAll(async () => {
      model = await fullSizeVit("vit_b_32_256", precision);
      workers = await startWorkers({ model });
      // The fp32 text tower does not fit an isolate, so it is tested outside of the Workers.
      if (precision === "fp32") towers = await NodeTowers.load(model);
    }, 300_000);

    afterAll(async () => {
      await workers.dispose();
    });

    it.each(reference.images)("embeds $input", async ({ input, size, embedding }) => {
      const found = cosine(await floats(await embedImage(workers, input, size)), embedding);
      console.log(`${input} ${precision}, ${ENGINE}: cosine ${found.toFixed(7)}`);
      expect(found).toBeGreaterThanOrEqual(bar);
    });

    it.each(reference.texts)("embeds $text", async ({ ids, embedding }) => {
      const vector =
        towers === undefined
          ? await floats(await workers.probe(`/tokens?lengths=${ids.length}`, Int32Array.from(ids)))
          : await towers.embedTokens(ids);
      const found = cosine(vector, embedding);
      console.log(`${ids.length} tokens ${precision}, ${ENGINE}: cosine ${found.toFixed(7)}`);
      expect(found).toBeGreaterThanOrEqual(bar);
    });

    it.runIf(precision === "int8")("stays within every isolate's memory", async () => {
      const { image } = await readManifest(model);
      const memory = await workers.memory();
      expect(memory.size).toBe(WORKER_CONFIGS.length - 1 + stagesNeeded(image.shards, ENGINE));
      for (const [name, held] of memory) expect(totalBytes(held), name).toBeLessThanOrEqual(LIMIT_BYTES);
    });
  },
);

describe.runIf(!SMOKE)("vit_b_32_256 beside base_w", () => {
  let workers: Workers;

  beforeAll(async () => {
    workers = await startWorkers({
      model: await fullSizeModel(SIZE),
      otherModels: [await fullSizeVit("vit_b_32_256")],
      change: (name, options) => (/vision|text/.test(name) ? behindSlowR2(options) : options),
      add: [SLOW_R2],
    });
  }, 300_000);

  afterAll(async () => {
    await workers.dispose();
  });

  const reads = async (): Promise<number> => (await readsOfSlowR2(workers)).length;

  it("switches back and forth under load, reads R2 no more once warm, and stays within memory", async () => {
    const images = await Promise.all(["fox.png", "harp.png"].map(exampleBase64));
    const statuses: number[] = [];
    const client = async (first: number): Promise<void> => {
      for (let i = first; i < first + 8; i++) {
        const model = ["synthetic-base_w", "synthetic-vit_b_32_256"][i % 2];
        const body = { model, image: images[(i >> 1) % 2], labels: ["fox", "harp", "bus"] };
        statuses.push((await post(`${workers.url}/v1/classify`, body)).status);
      }
    };
    const peaks = await peakMemory(workers, () => Promise.all([0, 1, 2, 3].map(client)));
    expect(statuses).toEqual(Array.from({ length: 32 }, () => 200));
    for (const [name, { total }] of peaks) expect(total, name).toBeLessThanOrEqual(LIMIT_BYTES);
    const before = await reads();
    await client(0);
    expect(await reads()).toBe(before);
  });
});

describe.runIf(!SMOKE)("vit_l_14", () => {
  it("is built, cut into stages that fit, and served from them", { timeout: 1_200_000 }, async () => {
    const model = await fullSizeVit("vit_l_14");
    const { image } = await readManifest(model);
    const stages = stagesNeeded(image.shards, ENGINE);
    console.log(`ViT-L-14 on ${ENGINE}: ${stages} stages of the image tower`);
    // 308 MB of weights, of which a stage may hold some 100 on the own kernels and some 80 on onnxruntime.
    expect(stages).toBe(ENGINE === "simd" ? 4 : 5);
    const workers = await startWorkers({ model });
    try {
      const vector = await floats(await embedImage(workers, "input:224", 224));
      const towers = await NodeTowers.load(model);
      const wanted = towers.embedTensor(syntheticInput("input:224", 3 * 224 * 224), 224, 224);
      expect(cosine(vector, wanted)).toBeGreaterThanOrEqual(0.999);
      for (const [name, held] of await workers.memory()) {
        console.log(`${name}: ${(totalBytes(held) / 1e6).toFixed(1)} MB`);
        expect(totalBytes(held), name).toBeLessThanOrEqual(LIMIT_BYTES);
      }
    } finally {
      await workers.dispose();
    }
  });
});
