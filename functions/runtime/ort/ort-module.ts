/**
 * The door to onnxruntime-web: the one file that imports it. What comes in is `.generated/ort/ort.mjs`, made from
 * the npm package by `build/ort-wasm/`; it is a factory, so that every instance has its own state and memory and
 * one that aborted can be replaced.
 */
import makeOrtModule from "../../../.generated/ort/ort.mjs";
import type { OrtModule, OrtModuleOptions } from "./ort-api.ts";
import { OrtError, throwLastError } from "./ort-error.ts";

const THREADS = 1;
/** `ORT_LOGGING_LEVEL_ERROR`. */
export const LOG_ERRORS = 3;

/**
 * A new, initialized onnxruntime instance on `memory`.
 * @throws OrtError if it cannot be instantiated
 */
export async function instantiateOrt(
  wasm: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<OrtModule> {
  try {
    const module = await new Promise<OrtModule>((resolve, reject) => {
      const options: OrtModuleOptions = {
        numThreads: THREADS,
        wasmMemory: memory,
        // The asynchronous form: a synchronous instantiation of 14 MB is refused by browsers' main threads, and
        // a failure must reject instead of leaving the glue waiting for ever.
        instantiateWasm(imports, done) {
          WebAssembly.instantiate(wasm, imports).then((instance) => done(instance, wasm), reject);
        },
        print: () => {},
        printErr: (text) => console.error(text),
      };
      makeOrtModule(options).then(resolve, reject);
    });
    if (module._OrtInit(THREADS, LOG_ERRORS) !== 0) throwLastError(module, "it refused to initialize");
    return module;
  } catch (cause) {
    throw new OrtError("onnxruntime could not be started", { cause });
  }
}
