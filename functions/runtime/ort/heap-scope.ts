/**
 * What one call into onnxruntime borrows from its heap: arguments, tensors, options. All of it is given back when
 * the call is over, the last first.
 */
import { OrtError } from "./ort-error.ts";
import type { OrtModule } from "./ort-api.ts";

/**
 * Calls `body` and gives back what it borrowed.
 *
 * Not after a trap: C++ may have been left halfway through `malloc` or holding a lock, and the next call into it
 * would wait for ever. Such an instance is dropped as a whole.
 */
export function withHeap<T>(module: OrtModule, body: (heap: HeapScope) => T): T {
  const heap = new HeapScope(module);
  let result: T;
  try {
    result = body(heap);
  } catch (error) {
    if (error instanceof OrtError) heap.free();
    throw error;
  }
  heap.free();
  return result;
}

export class HeapScope {
  readonly #module: OrtModule;
  readonly #releases: (() => void)[] = [];

  constructor(module: OrtModule) {
    this.#module = module;
  }

  /** Has `release` called at the end. */
  defer(release: () => void): void {
    this.#releases.push(release);
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
    for (const release of this.#releases.toReversed()) release();
    this.#releases.length = 0;
  }

  #allocate(bytes: number): number {
    const pointer = this.#module._malloc(Math.max(1, bytes));
    if (pointer === 0) throw new OrtError(`no room for ${bytes} bytes in onnxruntime's memory`);
    this.defer(() => this.#module._free(pointer));
    return pointer;
  }
}
