/** Memory for the arguments of one call into onnxruntime: everything allocated through a scope is freed with it. */
import { OrtError } from "./ort-error.ts";
import type { OrtModule } from "./ort-module.ts";

export class HeapScope {
  readonly #module: OrtModule;
  readonly #pointers: number[] = [];

  constructor(module: OrtModule) {
    this.#module = module;
  }

  /** Copies bytes into the heap. */
  bytes(bytes: Uint8Array): number {
    const pointer = this.#allocate(bytes.byteLength);
    this.#module.HEAPU8.set(bytes, pointer);
    return pointer;
  }

  /** An array of 32-bit values: pointers, or sizes. */
  pointers(values: number[]): number {
    const array = Uint32Array.from(values);
    return this.bytes(new Uint8Array(array.buffer));
  }

  /** A zero-terminated UTF-8 string. */
  string(text: string): number {
    const bytes = this.#module.lengthBytesUTF8(text) + 1;
    const pointer = this.#allocate(bytes);
    this.#module.stringToUTF8(text, pointer, bytes);
    return pointer;
  }

  free(): void {
    for (const pointer of this.#pointers) this.#module._free(pointer);
    this.#pointers.length = 0;
  }

  #allocate(bytes: number): number {
    const pointer = this.#module._malloc(Math.max(1, bytes));
    if (pointer === 0) throw new OrtError(`no room for ${bytes} bytes in onnxruntime's memory`);
    this.#pointers.push(pointer);
    return pointer;
  }
}

/** Throws what onnxruntime says went wrong last. */
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
