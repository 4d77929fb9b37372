/** The project's own kernels in a Worker. The bundler supplies the compiled WebAssembly module. */
import type { CreateEngine } from "../tower/engine.ts";
import { hasRelaxedSimd } from "./kernels.ts";
import { SimdEngine } from "./simd-engine.ts";

export const simdEngine: CreateEngine = (parts) => new SimdEngine(simdWasm, parts);

/** Imports one of the two modules when it is needed, because a host without relaxed SIMD cannot compile the other. */
async function simdWasm(): Promise<WebAssembly.Module> {
  const module = hasRelaxedSimd()
    ? await import("../../../.generated/simd/relaxed.wasm")
    : await import("../../../.generated/simd/plain.wasm");
  return module.default;
}
