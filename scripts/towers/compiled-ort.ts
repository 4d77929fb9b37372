/** onnxruntime's WebAssembly, compiled from the generated file; in a Worker, the bundler provides this module. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createOrtRuntime, type OrtRuntime } from "../../functions/runtime/ort/ort-runtime.ts";
import { GENERATED } from "../paths.ts";

export async function ortModule(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(join(GENERATED, "ort/ort.wasm")));
}

/**
 * Memory for one graph at a time: the largest has 34 MB of weights in fp32, which are there twice while it is loaded.
 */
const MEMORY = { initialBytes: 0, maximumBytes: 1_000_000_000 };

export async function ortRuntime(): Promise<OrtRuntime> {
  return await createOrtRuntime(await ortModule(), MEMORY);
}
