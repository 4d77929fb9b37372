/** Compares the planned cuts of towers, and the memory of stages, with all possible cuts. */
import { describe, expect, it } from "vitest";
import type { Shard } from "../../model-shards/manifest.ts";
import { parseEngine, planStages, stagesNeeded, wasmBytes } from "../../model-shards/plan-stages.ts";
import { Dice } from "../attack/grammar/dice.ts";

const file = (bytes: number): Shard["graph"] => ({ file: "x", bytes, sha256: "" });

function shardOf(weights: number, graph = 0, activations = 0): Shard {
  return {
    graph: file(graph),
    weights: file(weights),
    peak_activation_bytes: activations,
  } as unknown as Shard;
}

/** Every way to cut a list into this many pieces. */
function cuts<T>(list: readonly T[], pieces: number): T[][][] {
  if (pieces === 1) return [[[...list]]];
  return Array.from({ length: list.length - pieces + 1 }, (_, i) =>
    cuts(list.slice(i + 1), pieces - 1).map((rest) => [list.slice(0, i + 1), ...rest]),
  ).flat();
}

const largest = (plan: readonly Shard[][]): number =>
  Math.max(...plan.map((stage) => wasmBytes(stage, "ort")));

describe("wasmBytes", () => {
  const shards = [shardOf(10, 3, 100), shardOf(20, 4, 50)];

  it("counts weights, parsed graphs and the largest activations, for onnxruntime", () => {
    expect(wasmBytes(shards, "ort")).toBe(11_000_000 + 30 + 2 * 7 + 100);
  });

  it("counts weights and half of the activations, for our own kernels", () => {
    expect(wasmBytes(shards, "simd")).toBe(4_500_000 + 30 + 50);
    expect(wasmBytes(shards)).toBe(wasmBytes(shards, "simd"));
  });
});

describe("planStages", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))(
    "has the smallest largest stage (seed %i)",
    (seed) => {
      const dice = new Dice(seed);
      const shards = Array.from({ length: 1 + dice.number(6) }, () =>
        shardOf(dice.number(50_000_000), dice.number(1_000_000), dice.number(20_000_000)),
      );
      for (let stages = 1; stages <= 4; stages++) {
        const plan = planStages(shards, stages);
        expect(plan.flat()).toEqual(shards);
        expect(plan).toHaveLength(Math.min(stages, shards.length));
        const best = Math.min(...cuts(shards, plan.length).map(largest));
        expect(largest(plan)).toBe(best);
      }
    },
  );

  it("takes the first of cuts that are as good", () => {
    const shards = [shardOf(10), shardOf(0), shardOf(10)];
    expect(planStages(shards, 2).map(({ length }) => length)).toEqual([1, 2]);
  });

  it("plans many shards in many stages, as a ViT-L-14 in fp32 has them", () => {
    const shards = Array.from({ length: 26 }, () => shardOf(50_000_000));
    expect(planStages(shards, 13).map(({ length }) => length)).toEqual(Array.from({ length: 13 }, () => 2));
    expect(stagesNeeded(shards)).toBe(13);
  });

  it("gives a plan of its own", () => {
    const shards = [shardOf(1)];
    expect(planStages(shards, 1)[0]).not.toBe(shards);
  });
});

describe("stagesNeeded", () => {
  const ten = Array.from({ length: 10 }, () => shardOf(20_000_000));

  it("is the fewest that fit", () => {
    // 96 MB less onnxruntime's 11: four shards of 20 MB a stage.
    expect(stagesNeeded(ten, "ort")).toBe(3);
    expect(stagesNeeded(ten.slice(0, 4), "ort")).toBe(1);
    // 112 MB less 4.5: five.
    expect(stagesNeeded(ten)).toBe(2);
    expect(stagesNeeded(ten, "simd")).toBe(2);
  });

  it("counts a stage that just fits", () => {
    expect(stagesNeeded([shardOf(42_500_000), shardOf(42_500_000)], "ort")).toBe(1);
    expect(stagesNeeded([shardOf(42_500_000), shardOf(42_500_001)], "ort")).toBe(2);
    expect(stagesNeeded([shardOf(53_750_000), shardOf(53_750_000)])).toBe(1);
    expect(stagesNeeded([shardOf(53_750_000), shardOf(53_750_001)])).toBe(2);
  });

  it("is as many as there are shards if nothing fits", () => {
    expect(stagesNeeded([shardOf(2e8), shardOf(2e8), shardOf(2e8)])).toBe(3);
  });
});

describe("parseEngine", () => {
  it("knows two, and takes our own unless told", () => {
    expect([undefined, "ort", "simd"].map(parseEngine)).toEqual(["simd", "ort", "simd"]);
    expect(() => parseEngine("x")).toThrow("ENGINE is x; the engines are ort and simd");
  });
});
