/**
 * The size of a stage's WASM memory. It is created at the planned size: growing moves in small steps, but a memory
 * that is large enough from the start never has to, and it never shrinks.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import { wasmBytes } from "../../../model-shards/plan-stages.ts";
import { ServiceError } from "../errors.ts";
import type { MemoryLimits } from "../ort/ort-runtime.ts";

/** Ceiling of one instance: what an isolate is allowed, less what JavaScript needs at the least. */
const MAXIMUM_BYTES = 112_000_000;

/** @throws ServiceError `model_unavailable` for shards that no isolate could hold */
export function planMemory(shards: readonly Shard[]): MemoryLimits {
  const initialBytes = wasmBytes(shards);
  if (initialBytes > MAXIMUM_BYTES) {
    const cause = new Error(
      `the stage needs ${initialBytes} bytes of WASM memory, ${MAXIMUM_BYTES} are allowed`,
    );
    throw new ServiceError("model_unavailable", "the model does not fit this deployment's stages", { cause });
  }
  return { initialBytes, maximumBytes: MAXIMUM_BYTES };
}
