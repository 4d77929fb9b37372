/**
 * The only file that imports onnxruntime-web, as `.generated/ort/ort.mjs`, which `build/ort-wasm/` makes from the npm
 * package. The import is a factory: every instance has its own state and memory, so an instance that aborted can be
 * replaced.
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
        // Asynchronous, because browsers refuse to instantiate 14 MB synchronously on their main thread. A failure must
        // reject; otherwise emscripten's code waits for ever.
        instantiateWasm(imports, done) {
          WebAssembly.instantiate(wasm, imports).then((instance) => done(instance, wasm), reject);
        },
        print: () => {},
        printErr: (text) => console.error(text),
      };
      makeOrtModule(options).then(resolve, reject);
    });
    if (module._OrtInit(THREADS, LOG_ERRORS) !== 0) throwLastError(module, "onnxruntime did not initialize");
    return module;
  } catch (cause) {
    throw new OrtError("onnxruntime could not be started", { cause });
  }
}
