/** Compares the deployed towers with the reference, on a small model of the same architecture as the default model. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import mini from "../fixtures/reference/mini.json" with { type: "json" };
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

describe.each([
  // fp32 differs from the reference only by rounding. For int8, the limit is the project's own.
  { precision: "fp32" as const, bar: 0.99999 },
  { precision: "int8" as const, bar: 0.999 },
])("mini, $precision, in workerd", ({ precision, bar }) => {
  let folder: string;
  let workers: Workers;
  let towers: NodeTowers;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    const { out } = await buildSynthetic("mini", folder, { precision });
    workers = await startWorkers({ model: out });
    towers = await NodeTowers.load(out);
  });

  afterAll(async () => {
    await workers.dispose();
    await rm(folder, { recursive: true });
  });

  it.each(mini.images)("embeds $input", async ({ input, size, embedding }) => {
    const pixels = syntheticInput(input, 3 * size * size);
    const response = await workers.probe(`/tensor?height=${size}&width=${size}`, pixels);
    expect(response.status).toBe(200);
    expect(cosine(new Float32Array(await response.arrayBuffer()), embedding)).toBeGreaterThanOrEqual(bar);
  });

  it.each(mini.texts)("embeds $text", async ({ ids, embedding }) => {
    const response = await workers.probe(`/tokens?lengths=${ids.length}`, Int32Array.from(ids));
    expect(response.status).toBe(200);
    expect(cosine(new Float32Array(await response.arrayBuffer()), embedding)).toBeGreaterThanOrEqual(bar);
  });

  it("embeds all of them in Node, too", async () => {
    for (const { input, size, embedding } of mini.images) {
      const found = towers.embedTensor(syntheticInput(input, 3 * size * size), size, size);
      expect(cosine(found, embedding), input).toBeGreaterThanOrEqual(bar);
    }
    for (const { text, ids, embedding } of mini.texts) {
      expect(cosine(await towers.embedTokens(ids), embedding), text).toBeGreaterThanOrEqual(bar);
    }
  });

  it("gives a text the same bits alone and in company", async () => {
    const [first, second] = mini.texts.slice(0, 2).map(({ ids }) => ids);
    const both = Int32Array.from([...(first ?? []), ...(second ?? [])]);
    const together = await workers.probe(`/tokens?lengths=${first?.length},${second?.length}`, both);
    const alone = await workers.probe(`/tokens?lengths=${second?.length}`, Int32Array.from(second ?? []));
    const rows = new Float32Array(await together.arrayBuffer());
    expect(rows.slice(rows.length / 2)).toEqual(new Float32Array(await alone.arrayBuffer()));
  });
});
