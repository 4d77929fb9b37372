/** The project's own kernels as a Worker has them: with the WebAssembly that the bundler compiled ahead. */
import type { CreateEngine } from "../tower/engine.ts";
import { SimdEngine } from "./simd-engine.ts";
import { simdWasm } from "./simd-wasm.ts";

export const simdEngine: CreateEngine = (parts) => new SimdEngine(simdWasm, parts);
