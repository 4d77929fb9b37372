import type { OrtModule } from "./ort-api.ts";

/** A failure of onnxruntime or of the WebAssembly instance that runs it. */
export class OrtError extends Error {
  override readonly name = "OrtError";
}

/**
 * Reads the reason that onnxruntime keeps of its last failure, and throws it.
 * @throws OrtError always: `what`, then onnxruntime's message and its `OrtErrorCode`
 */
export function throwLastError(module: OrtModule, what: string): never {
  const stack = module.stackSave();
  try {
    const pointer = module.stackAlloc(8);
    module._OrtGetLastError(pointer, pointer + 4);
    const code = module.HEAP32[pointer / 4];
    const message = module.UTF8ToString((module.HEAP32[pointer / 4 + 1] ?? 0) >>> 0);
    throw new OrtError(`${what}: ${message} (code ${code})`);
  } finally {
    module.stackRestore(stack);
  }
}
