/** The Worker's resampler, with the WebAssembly that the bundler compiled ahead of time. */
import wasm from "../../../.generated/simd/resize.wasm";
import { SimdResampler } from "./simd-resampler.ts";

export const wasmResampler = new SimdResampler(wasm);
