/**
 * How much WASM memory a set of shards needs. The memory is created at that size: left to grow by itself it
 * overshoots by a fifth, and it never shrinks.
 */
import type { Shard } from "../../../model-shards/manifest.ts";

/** onnxruntime's own data, stack and allocator slack, measured on an idle instance. */
const RUNTIME_BYTES = 8_000_000;
/** Hard ceiling of one instance: an isolate has 128 MB, and JavaScript needs some of it. */
const MAXIMUM_BYTES = 112_000_000;

export interface MemoryPlan {
  initialBytes: number;
  maximumBytes: number;
}

export function planMemory(shards: Shard[]): MemoryPlan {
  const weights = shards.reduce((sum, shard) => sum + shard.weights.bytes + 2 * shard.graph.bytes, 0);
  const activations = Math.max(...shards.map((shard) => shard.peak_activation_bytes));
  return {
    initialBytes: Math.min(MAXIMUM_BYTES, RUNTIME_BYTES + weights + activations),
    maximumBytes: MAXIMUM_BYTES,
  };
}
