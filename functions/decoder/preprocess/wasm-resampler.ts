/** The resize's kernels as the Worker has them: with the WebAssembly that the bundler compiled ahead. */
import wasm from "../../../.generated/simd/resize.wasm";
import { SimdResampler } from "./simd-resampler.ts";

export const wasmResampler = new SimdResampler(wasm);
