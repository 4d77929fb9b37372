/** The engine on a small model in Node: both modules and any batch give the same vectors; bad input is an error. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { compileShard } from "../../functions/runtime/simd/compile-shard.ts";
import { hasRelaxedSimd } from "../../functions/runtime/simd/kernels.ts";
import { readGraph } from "../../functions/runtime/simd/onnx/read-graph.ts";
import { ShardWeights } from "../../functions/runtime/simd/shard-weights.ts";
import { SimdEngine } from "../../functions/runtime/simd/simd-engine.ts";
import { plannedShape } from "../../functions/runtime/tower/planned-shape.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { readManifest } from "../../scripts/models-in-r2.ts";
import mini from "../fixtures/reference/mini.json" with { type: "json" };
import { buildSynthetic } from "../support/build-synthetic.ts";
import { cosine } from "../support/cosine.ts";
import { FolderBucket } from "../../scripts/towers/folder-bucket.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { simdModule, type Variant } from "../support/simd-kernels.ts";

const renew = (): void => {};

function embed(engine: SimdEngine, data: Float32Array, size: number): Float32Array {
  return engine.run({ data, shape: [1, 3, size, size] }, {}).data as Float32Array;
}

describe("the simd engine", () => {
  let folder: string;
  let model: string;
  let manifest: Manifest;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    model = (await buildSynthetic("mini", folder, { shardBytes: 150_000 })).out;
    manifest = await readManifest(model);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function load(variant: Variant): Promise<SimdEngine> {
    const { shards, size } = manifest.image;
    const inputShape = plannedShape(shards, { height: size, width: size });
    const source = { bucket: new FolderBucket(model), prefix: "." };
    const engine = new SimdEngine(() => simdModule(variant), { shards, source, inputShape });
    await engine.load(renew);
    return engine;
  }

  it("gives the same vectors with either module, near those of onnxruntime and of the reference", async () => {
    expect(hasRelaxedSimd()).toBe(true);
    const [relaxed, plain, ort] = [await load("relaxed"), await load("plain"), await NodeTowers.load(model)];
    for (const { input, size, embedding } of mini.images) {
      const pixels = (): Float32Array => syntheticInput(input, 3 * size * size);
      const found = embed(relaxed, pixels(), size);
      expect(embed(plain, pixels(), size)).toEqual(found);
      expect(cosine(found, embedding)).toBeGreaterThan(0.999);
      expect(cosine(found, ort.embedTensor(pixels(), size, size))).toBeGreaterThan(0.999);
    }
  });

  it("plans its memory once, and not for more than it takes", async () => {
    const engine = await load("relaxed");
    const before = engine.memoryBytes;
    const [picture] = mini.images;
    const size = picture?.size ?? 0;
    embed(engine, syntheticInput(picture?.input ?? "", 3 * size * size), size);
    expect(engine.memoryBytes).toBe(before);
    const weights = manifest.image.shards.reduce((sum, shard) => sum + shard.weights.bytes, 0);
    expect(before).toBeLessThan(weights + 3_000_000);
  });

  it("refuses a picture with NaN, and then answers as before", async () => {
    const engine = await load("relaxed");
    const size = manifest.image.size;
    const pixels = (): Float32Array => syntheticInput("input:64", 3 * size * size);
    const before = embed(engine, pixels(), size);
    const bad = pixels();
    bad[1000] = NaN;
    expect(() => embed(engine, bad, size)).toThrow("not finite");
    expect(embed(engine, pixels(), size)).toEqual(before);
  });

  it("refuses a graph that is not a tower's, and one that is cut off", async () => {
    const [shard] = manifest.image.shards;
    const file = await readFile(join(model, shard?.graph.file ?? ""));
    const graph = readGraph(file);
    const weights = new ShardWeights(graph, 0, "none", () => 0);
    const names = { input: "pixel_values", output: shard?.output.name ?? "" };
    expect(compileShard(graph, weights, names).length).toBeGreaterThan(0);
    const reordered = { ...graph, nodes: graph.nodes.toReversed() };
    expect(() => compileShard(reordered, weights, names)).toThrow(/begins with|instead of/);
    expect(() => compileShard(graph, weights, { ...names, input: "other" })).toThrow("not other");
    expect(() => readGraph(file.subarray(0, file.length / 2))).toThrow("cut off");
  });
});
