/**
 * At full size, the first picture runs while the tower's shards arrive, in the memory that the load takes anyway: on a
 * cold isolate its time is not added to that of the load. With `SMOKE=1`, only base_w at 256 pixels.
 */
import { describe, expect, it } from "vitest";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { SimdEngine } from "../../functions/runtime/simd/simd-engine.ts";
import type { Tensor } from "../../functions/runtime/tensor.ts";
import type { EarlyRun } from "../../functions/runtime/tower/engine.ts";
import { plannedShape } from "../../functions/runtime/tower/planned-shape.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { FolderBucket } from "../../scripts/towers/folder-bucket.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { simdModule } from "../support/models/simd-kernels.ts";

const SIZES = process.env["SMOKE"] === "1" ? [256] : [256, 320, 384];

describe.each(SIZES)("base_w at %i pixels", (size) => {
  async function load(early?: EarlyRun): Promise<SimdEngine> {
    const model = await fullSizeModel(size);
    const { shards } = (await readManifest(model)).image;
    const inputShape = plannedShape(shards, { height: size, width: size });
    const source = { bucket: new FolderBucket(model), prefix: "." };
    const engine = new SimdEngine(() => simdModule("relaxed"), { shards, source, inputShape });
    await engine.load(() => {}, early);
    return engine;
  }
  const picture = (): Tensor => ({
    data: syntheticInput(`input:${size}`, 3 * size * size),
    shape: [1, 3, size, size],
  });

  it("has its first picture's vector when the load ends", async () => {
    const input = picture();
    const outcomes: unknown[] = [];
    const cold = await load({ input: () => input, done: (outcome) => outcomes.push(outcome) });
    const warm = await load();
    expect(cold.memoryBytes).toBe(warm.memoryBytes);
    expect(outcomes).toEqual([{ output: warm.run(picture(), {}) }]);
  });
});
