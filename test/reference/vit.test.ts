/** Compares ViT towers with the reference: deployed, on both engines, in fp32 and int8; and block by block. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import mini from "../fixtures/reference/vit_mini.json" with { type: "json" };
import miniQuick from "../fixtures/reference/vit_mini_quick.json" with { type: "json" };
import tiny from "../fixtures/reference/vit_tiny.json" with { type: "json" };
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const MODELS = { vit_tiny: tiny, vit_mini: mini, vit_mini_quick: miniQuick };
const NAMES = ["vit_tiny", "vit_mini", "vit_mini_quick"] as const;
const PRECISIONS = [
  // fp32 differs from the reference only by rounding. For int8, the limit is the project's own.
  { precision: "fp32", bar: 0.99999 },
  { precision: "int8", bar: 0.999 },
] as const;
/** So small a limit that every unit of a tower is a shard of its own. */
const SHARD_BYTES = 1;
/** The largest relative error of a block's norm. */
const NORM_ERROR = 0.01;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-vit-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const norm = (values: Float32Array): number => Math.hypot(...values);

describe.each(NAMES.flatMap((name) => PRECISIONS.map(({ precision, bar }) => ({ name, precision, bar }))))(
  "$name, $precision",
  ({ name, precision, bar }) => {
    let model: string;

    beforeAll(async () => {
      model = (await buildSynthetic(name, folder, { precision, shardBytes: SHARD_BYTES })).out;
    });

    it("has the reference's activations after each block", async () => {
      const towers = await NodeTowers.load(model);
      for (const { input, size, blocks } of MODELS[name].images) {
        const found = towers.imageActivations(syntheticInput(input, 3 * size * size), size, size);
        expect(blocks.map(({ after }) => after)).toEqual(["ln_pre", ...layers(blocks.length - 1)]);
        for (const { after, l2, class_token_first8: first } of blocks) {
          const values = found.get(
            after === "ln_pre" ? "patches" : after.replace("block ", "visual.resblocks."),
          );
          expect(Math.abs(norm(values ?? new Float32Array(0)) / l2 - 1), after).toBeLessThanOrEqual(
            NORM_ERROR,
          );
          expect(cosine(values?.slice(0, first.length) ?? [], first), after).toBeGreaterThanOrEqual(bar);
        }
      }
    });

    describe.each(["simd", "ort"] as const)("in workerd, on %s", (engine) => {
      let workers: Workers;

      beforeAll(async () => {
        workers = await startWorkers({ model, engine });
      });

      afterAll(async () => {
        await workers.dispose();
      });

      it.each(MODELS[name].images)("embeds $input", async ({ input, size, embedding }) => {
        const pixels = syntheticInput(input, 3 * size * size);
        const response = await workers.probe(`/tensor?height=${size}&width=${size}`, pixels);
        expect(response.status).toBe(200);
        expect(cosine(new Float32Array(await response.arrayBuffer()), embedding)).toBeGreaterThanOrEqual(bar);
      });

      it.each(MODELS[name].texts)("embeds $text", async ({ ids, embedding }) => {
        const response = await workers.probe(`/tokens?lengths=${ids.length}`, Int32Array.from(ids));
        expect(response.status).toBe(200);
        expect(cosine(new Float32Array(await response.arrayBuffer()), embedding)).toBeGreaterThanOrEqual(bar);
      });
    });
  },
);

function layers(count: number): string[] {
  return Array.from({ length: count }, (_, layer) => `block ${layer}`);
}

describe.each(["simd", "ort"] as const)("a ViT in stages, on %s", (engine) => {
  it("gives the bits that one Worker gives", async () => {
    const { out: model } = await buildSynthetic("vit_mini", join(folder, "stages"), {
      shardBytes: SHARD_BYTES,
    });
    const pixels = syntheticInput("input:64", 3 * 64 * 64);
    const vectors: ArrayBuffer[] = [];
    for (const stages of [1, 3]) {
      const workers = await startWorkers({ model, engine, stages });
      try {
        const response = await workers.probe("/tensor?height=64&width=64", pixels);
        expect(response.status).toBe(200);
        vectors.push(await response.arrayBuffer());
      } finally {
        await workers.dispose();
      }
    }
    const [one, several] = vectors.map((bytes) => new Float32Array(bytes));
    expect(several).toEqual(one);
  });
});
