/** Limits an isolate's WASM memory. A stage that needs more is refused before anything is loaded. */
import type { Shard } from "../../../model-shards/manifest.ts";
import { type EngineName, wasmBytes } from "../../../model-shards/plan-stages.ts";
import { ServiceError } from "../errors.ts";

/** Largest WASM memory of an instance, bytes: what an isolate is allowed, less the minimum that JavaScript needs. */
export const MAXIMUM_WASM_BYTES = 112_000_000;

/** @throws ServiceError `model_unavailable` if no isolate could hold the shards */
export function assertFits(shards: readonly Shard[], engine: EngineName): void {
  const needed = wasmBytes(shards, engine);
  if (needed <= MAXIMUM_WASM_BYTES) return;
  const cause = new Error(
    `the stage needs ${needed} bytes of WASM memory; ${MAXIMUM_WASM_BYTES} are allowed`,
  );
  throw new ServiceError("model_unavailable", "the model does not fit this deployment's stages", { cause });
}
