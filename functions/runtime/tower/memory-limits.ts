/**
 * The bounds of a stage's WASM memory. It starts at onnxruntime's own minimum and grows to exactly what is asked (`build/ort-wasm`): while
 * shards are still being downloaded their buffers need the room that activations will need later.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import { wasmBytes } from "../../../model-shards/plan-stages.ts";
import { ServiceError } from "../errors.ts";
import type { MemoryLimits } from "../ort/ort-runtime.ts";

/** Ceiling of one instance: what an isolate is allowed, less what JavaScript needs at the least. */
const MAXIMUM_BYTES = 112_000_000;

/** @throws ServiceError `model_unavailable` for shards that no isolate could hold */
export function memoryLimits(shards: readonly Shard[]): MemoryLimits {
  const needed = wasmBytes(shards);
  if (needed > MAXIMUM_BYTES) {
    const cause = new Error(`the stage needs ${needed} bytes of WASM memory, ${MAXIMUM_BYTES} are allowed`);
    throw new ServiceError("model_unavailable", "the model does not fit this deployment's stages", { cause });
  }
  return { initialBytes: 0, maximumBytes: MAXIMUM_BYTES };
}
