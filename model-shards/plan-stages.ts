/**
 * Where a tower is cut into stages, each a Worker of its own with its own 128 MB. A Worker's configuration says which
 * stage of how many it is; everything else follows from the manifest, so gateway, towers and deployment agree.
 */
import type { Shard } from "./manifest.ts";

/** onnxruntime's own data and tables in the WASM memory of an instance that holds nothing. Measured, 1.30. */
const RUNTIME_BYTES = 11_000_000;
/**
 * WASM memory a stage may plan with. Of the 120 MB that an isolate is allowed, the rest is for shards on their way
 * in, pictures, and JavaScript's own heap.
 */
export const STAGE_WASM_BYTES = 96_000_000;

/** WASM memory that a run of shards needs: weights, the largest activations, the graphs once parsed. */
export function wasmBytes(shards: readonly Shard[]): number {
  const weights = shards.reduce((sum, shard) => sum + shard.weights.bytes + 2 * shard.graph.bytes, 0);
  return RUNTIME_BYTES + weights + Math.max(...shards.map((shard) => shard.peak_activation_bytes));
}

/**
 * Cuts a tower so that the largest stage is as small as can be.
 * @returns the shards of each stage; fewer stages than asked for if there are fewer shards
 */
export function planStages(shards: readonly Shard[], stages: number): Shard[][] {
  if (stages <= 1 || shards.length <= 1) return [[...shards]];
  let best: Shard[][] = [];
  let bestBytes = Infinity;
  for (let cut = 1; cut < shards.length; cut++) {
    const first = shards.slice(0, cut);
    const plan = [first, ...planStages(shards.slice(cut), stages - 1)];
    const bytes = Math.max(...plan.map(wasmBytes));
    if (bytes < bestBytes) [best, bestBytes] = [plan, bytes];
  }
  return best;
}

/** The fewest stages with which every one stays within `STAGE_WASM_BYTES`; as many as there are shards if none do. */
export function stagesNeeded(shards: readonly Shard[]): number {
  for (let stages = 1; stages < shards.length; stages++) {
    if (Math.max(...planStages(shards, stages).map(wasmBytes)) <= STAGE_WASM_BYTES) return stages;
  }
  return shards.length;
}
