/** The kernels' WebAssembly as the bundler gives it. Imported when asked for: a host compiles only what it can. */
import { hasRelaxedSimd } from "./kernels.ts";

export async function simdWasm(): Promise<WebAssembly.Module> {
  const module = hasRelaxedSimd()
    ? await import("../../../.generated/simd/relaxed.wasm")
    : await import("../../../.generated/simd/plain.wasm");
  return module.default;
}
