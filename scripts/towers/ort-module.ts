/** onnxruntime's WebAssembly, compiled from the generated file as a bundler would. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export async function ortModule(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(
    await readFile(join(import.meta.dirname, "../../.generated/ort/ort.wasm")),
  );
}
