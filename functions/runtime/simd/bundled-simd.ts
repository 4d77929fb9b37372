/** The project's own kernels as a Worker has them: on WebAssembly that the bundler compiled ahead. */
import type { CreateEngine } from "../tower/engine.ts";
import { hasRelaxedSimd } from "./kernels.ts";
import { SimdEngine } from "./simd-engine.ts";

export const simdEngine: CreateEngine = (parts) => new SimdEngine(simdWasm, parts);

/** Imported when asked for: a host compiles only what it can. */
async function simdWasm(): Promise<WebAssembly.Module> {
  const module = hasRelaxedSimd()
    ? await import("../../../.generated/simd/relaxed.wasm")
    : await import("../../../.generated/simd/plain.wasm");
  return module.default;
}
