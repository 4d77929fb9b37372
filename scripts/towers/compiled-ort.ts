/** onnxruntime's WebAssembly, compiled from the generated file; in a Worker, the bundler provides this module. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GENERATED } from "../paths.ts";

export async function ortModule(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(join(GENERATED, "ort/ort.wasm")));
}
