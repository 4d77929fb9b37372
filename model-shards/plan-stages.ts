/**
 * Decides where a tower is cut into stages. Each stage is a Worker of its own with its own 128 MB. A Worker's
 * configuration states its stage and the number of stages. All else follows from the manifest, so gateway, towers and
 * deployment agree.
 */
import type { Shard } from "./manifest.ts";

export type EngineName = "ort" | "simd";

/** The default engine: the project's own kernels. */
export const DEFAULT_ENGINE: EngineName = "simd";

interface EngineMemory {
  /** Bytes that the engine holds beside weights and activations. */
  runtimeBytes: number;
  /** Bytes that a parsed graph takes for each byte of its file. */
  perGraphByte: number;
  /** Bytes of activations for each byte in the manifest, which states those of onnxruntime. */
  perActivationByte: number;
  /**
   * Bytes of WASM memory that a stage may need. The rest of the 120 MB that an isolate is allowed is for shards that
   * are being downloaded, pictures, and JavaScript's own heap.
   */
  stageBytes: number;
}

const MEMORY: Record<EngineName, EngineMemory> = {
  // onnxruntime 1.30: its own data and tables, measured. Shards are downloaded into JavaScript buffers.
  ort: { runtimeBytes: 11_000_000, perGraphByte: 2, perActivationByte: 1, stageBytes: 96_000_000 },
  // Two maps and bands, where onnxruntime has six maps. Graphs are not in WASM memory. Shards are downloaded in place.
  simd: { runtimeBytes: 4_500_000, perGraphByte: 0, perActivationByte: 0.5, stageBytes: 112_000_000 },
};

/** @throws Error if no engine has this name */
export function parseEngine(name: string | undefined): EngineName {
  if (name === undefined || name === "ort" || name === "simd") return name ?? DEFAULT_ENGINE;
  throw new Error(`ENGINE is ${name}; the engines are ort and simd`);
}

/** WASM memory that consecutive shards need, in bytes: weights, the largest activations, the parsed graphs. */
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
 * Cuts a tower so that the largest stage is as small as possible on onnxruntime, the engine that needs more memory.
 * Both engines use these cuts.
 * @returns the shards of each stage; fewer stages than asked for if there are fewer shards
 */
export function planStages(shards: readonly Shard[], stages: number): Shard[][] {
  return planFrom(shards, stages, new Map()).plan;
}

interface StagePlan {
  plan: Shard[][];
  /** WASM memory of the largest stage. */
  bytes: number;
}

/** @param known plans for the tower's last shards, by number of shards and stages, so that no plan is computed twice */
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

/**
 * The smallest number of stages so that each stage fits in the engine's `stageBytes`; the number of shards if no number
 * suffices.
 */
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
