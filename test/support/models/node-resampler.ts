/** The decoder's resize kernels in Node, compiled from the generated file as a bundler would. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SimdResampler } from "../../../functions/decoder/preprocess/simd-resampler.ts";

export async function simdResampler(): Promise<SimdResampler> {
  const path = join(import.meta.dirname, "../../../.generated/simd/resize.wasm");
  return new SimdResampler(await WebAssembly.compile(await readFile(path)));
}
