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
import type { EarlyRun } from "../../functions/runtime/tower/engine.ts";
import { plannedShape } from "../../functions/runtime/tower/planned-shape.ts";
import type { Tensor } from "../../functions/runtime/tensor.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import mini from "../fixtures/reference/mini.json" with { type: "json" };
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { FolderBucket } from "../../scripts/towers/folder-bucket.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { hostDot, simdModule, type Variant } from "../support/models/simd-kernels.ts";

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

  async function load(
    variant: Variant,
    tower: "image" | "text" = "image",
    early?: EarlyRun,
    size = manifest.image.size,
  ): Promise<SimdEngine> {
    const { shards } = manifest[tower];
    const inputShape = plannedShape(shards, { height: size, width: size, length: 77 });
    const source = { bucket: new FolderBucket(model), prefix: "." };
    const engine = new SimdEngine(() => simdModule(variant), { shards, source, inputShape });
    await engine.load(renew, early);
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

  it.each(["relaxed", "plain"] as const)(
    "gives texts the same bits together as alone (%s)",
    async (variant) => {
      const engine = await load(variant, "text");
      const { width } = manifest.text;
      const lengths = [7, 2, 77, 10, 10, 3];
      const positions = lengths.reduce((sum, length) => sum + length, 0);
      const rows = syntheticInput("input:texts", positions * width);
      let start = 0;
      const alone = lengths.map((length) => {
        const data = rows.slice(start * width, (start += length) * width);
        const eot_index = { data: BigInt64Array.of(BigInt(length - 1)), shape: [1, 1] };
        return engine.run({ data, shape: [1, length, width] }, { eot_index }).data as Float32Array;
      });
      const together = engine.runTexts({ data: rows.slice(), shape: [1, positions, width] }, lengths);
      expect(together.shape).toEqual([lengths.length, manifest.embedding_width]);
      for (const [i, vector] of alone.entries()) {
        const at = i * manifest.embedding_width;
        expect(together.data.slice(at, at + manifest.embedding_width)).toEqual(vector);
      }
    },
  );

  it("refuses texts that are too long, that do not add up, and one whose end is not given", async () => {
    const engine = await load("relaxed", "text");
    const { width } = manifest.text;
    const input = (positions: number): Tensor => ({
      data: syntheticInput("input:texts", positions * width),
      shape: [1, positions, width],
    });
    expect(() => engine.runTexts(input(81), [3, 78])).toThrow("78 positions");
    expect(() => engine.runTexts(input(9), [3, 5])).toThrow("9 positions for texts of 8");
    expect(() => engine.runTexts(input(0), [])).toThrow("0 positions");
    expect(() => engine.run(input(5), {})).toThrow("the end of the text is not given");
    expect(engine.runTexts(input(8), [3, 5]).data.length).toBe(2 * manifest.embedding_width);
  });

  it("says what the host's dot product is good for, once it is loaded", async () => {
    expect((await load("plain")).dot).toBe("none");
    expect((await load("relaxed")).dot).toBe(await hostDot());
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

  it.each([
    ["its activations are larger than the weights that are moved", 64],
    ["its activations are smaller than these", 32],
  ])("runs a picture during the load in the same memory, with the same vector: %s", async (_, size) => {
    const input: Tensor = { data: syntheticInput("input:64", 3 * size * size), shape: [1, 3, size, size] };
    const outcomes: unknown[] = [];
    const early = { input: () => input, done: (outcome: unknown) => outcomes.push(outcome) };
    const engine = await load("relaxed", "image", early, size);
    const plain = await load("relaxed", "image", undefined, size);
    expect(manifest.image.shards.length).toBeGreaterThan(2);
    const { data, shape } = plain.run({ ...input, data: (input.data as Float32Array).slice() }, {});
    expect(outcomes).toEqual([{ output: { data, shape } }]);
    expect(engine.memoryBytes).toBe(plain.memoryBytes);
  });

  it("goes on after a picture that does not fit into the memory during the load", async () => {
    const large: Tensor = { data: new Float32Array(3), shape: [1, 3, 20_000, 20_000] };
    const outcomes: unknown[] = [];
    const early: EarlyRun = {
      input: () => (outcomes.length === 0 ? large : undefined),
      done: (outcome) => outcomes.push(outcome),
    };
    const engine = await load("relaxed", "image", early);
    expect(outcomes).toEqual([
      { error: expect.objectContaining({ message: expect.stringContaining("does not fit") }) as unknown },
    ]);
    expect(engine.aborted).toBe(false);
    const { size } = manifest.image;
    expect(embed(engine, syntheticInput("input:64", 3 * size * size), size)).toHaveLength(
      manifest.embedding_width,
    );
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
