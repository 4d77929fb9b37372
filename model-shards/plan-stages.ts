/**
 * Where a tower is cut into stages, each a Worker of its own with its own 128 MB. A Worker's configuration says which
 * stage of how many it is; everything else follows from the manifest, so gateway, towers and deployment agree.
 */
import type { Shard } from "./manifest.ts";

export type EngineName = "ort" | "simd";

/** What runs the towers unless told otherwise: the project's own kernels. */
export const DEFAULT_ENGINE: EngineName = "simd";

interface EngineMemory {
  /** What the engine holds beside weights and activations. */
  runtimeBytes: number;
  /** Bytes that a graph takes once parsed, for each byte of its file. */
  perGraphByte: number;
  /** Bytes of activations for each of the manifest's, which are those of onnxruntime. */
  perActivationByte: number;
  /**
   * WASM memory a stage may plan with. Of the 120 MB that an isolate is allowed, the rest is for shards on their way
   * in, pictures, and JavaScript's own heap.
   */
  stageBytes: number;
}

const MEMORY: Record<EngineName, EngineMemory> = {
  // onnxruntime 1.30: its own data and tables, measured; shards arrive in buffers.
  ort: { runtimeBytes: 11_000_000, perGraphByte: 2, perActivationByte: 1, stageBytes: 96_000_000 },
  // Two maps where onnxruntime has six, and bands; graphs stay outside; shards arrive in place.
  simd: { runtimeBytes: 4_500_000, perGraphByte: 0, perActivationByte: 0.5, stageBytes: 112_000_000 },
};

/** @throws Error for a name that is no engine's */
export function parseEngine(name: string | undefined): EngineName {
  if (name === undefined || name === "ort" || name === "simd") return name ?? DEFAULT_ENGINE;
  throw new Error(`ENGINE is ${name}; the engines are ort and simd`);
}

/** WASM memory that a run of shards needs: weights, the largest activations, the graphs once parsed. */
export function wasmBytes(shards: readonly Shard[], engine: EngineName = DEFAULT_ENGINE): number {
  const { runtimeBytes, perGraphByte, perActivationByte } = MEMORY[engine];
  const weights = shards.reduce(
    (sum, { weights: { bytes }, graph }) => sum + bytes + perGraphByte * graph.bytes,
    0,
  );
  const activations = Math.max(...shards.map((shard) => shard.peak_activation_bytes));
  return runtimeBytes + weights + perActivationByte * activations;
}

/**
 * Cuts a tower so that the largest stage is as small as can be on onnxruntime, which needs more; the cuts are those of both
 * engines.
 * @returns the shards of each stage; fewer stages than asked for if there are fewer shards
 */
export function planStages(shards: readonly Shard[], stages: number): Shard[][] {
  return planFrom(shards, stages, new Map()).plan;
}

interface StagePlan {
  plan: Shard[][];
  /** Of the largest stage. */
  bytes: number;
}

/** @param known plans of the tower's last shards, by how many these are and in how many stages: cuts share them */
function planFrom(shards: readonly Shard[], stages: number, known: Map<string, StagePlan>): StagePlan {
  const key = `${shards.length} in ${stages}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  if (stages <= 1 || shards.length <= 1) return { plan: [[...shards]], bytes: wasmBytes(shards, "ort") };
  let best: StagePlan = { plan: [], bytes: Infinity };
  for (let cut = 1; cut < shards.length; cut++) {
    const first = shards.slice(0, cut);
    const rest = planFrom(shards.slice(cut), stages - 1, known);
    const bytes = Math.max(wasmBytes(first, "ort"), rest.bytes);
    if (bytes < best.bytes) best = { plan: [first, ...rest.plan], bytes };
  }
  known.set(key, best);
  return best;
}

/** The fewest stages with which every one stays within the engine's `stageBytes`; as many as there are shards if none do. */
export function stagesNeeded(shards: readonly Shard[], engine: EngineName = DEFAULT_ENGINE): number {
  for (let stages = 1; stages < shards.length; stages++) {
    if (
      Math.max(...planStages(shards, stages).map((stage) => wasmBytes(stage, engine))) <=
      MEMORY[engine].stageBytes
    )
      return stages;
  }
  return shards.length;
}
