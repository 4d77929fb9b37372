/**
 * Finds the stage in which an error begins: compares the norm of every ConvNeXt stage's output, int8 in Node, with the
 * reference. Each unit of the model is a shard of its own, so that the output of each stage can be read.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import baseW from "../fixtures/reference/base_w.json" with { type: "json" };
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";

/** The largest relative change of a stage's norm by int8. */
const TOLERANCE = 0.01;
const LAST_BLOCKS = [2, 2, 26, 2].map((block, stage) => `stages.${stage}.blocks.${block}`);

it.runIf(process.env["SMOKE"] !== "1")("keeps every stage's norm within 1 %", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  try {
    const { out } = await buildSynthetic("base_w", folder, { shardBytes: 1 });
    const towers = await NodeTowers.load(out);
    for (const { input, size, stages } of baseW.images) {
      const outputs = towers.imageActivations(syntheticInput(input, 3 * size * size), size, size);
      for (const [stage, { l2 }] of stages.entries()) {
        const values = Array.from(outputs.get(LAST_BLOCKS[stage] ?? "") ?? []);
        const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
        console.log(`${input} stage ${stage}: ${norm.toFixed(2)}, reference ${l2.toFixed(2)}`);
        expect(Math.abs(norm / l2 - 1)).toBeLessThanOrEqual(TOLERANCE);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
