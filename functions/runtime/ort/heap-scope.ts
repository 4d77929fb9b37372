/**
 * The memory that one call into onnxruntime allocates in its heap: arguments, tensors, options. All of it is freed when
 * the call is over, the last allocation first.
 */
import { OrtError } from "./ort-error.ts";
import type { OrtModule } from "./ort-api.ts";

/**
 * Calls `body`, then frees what it allocated.
 *
 * Nothing is freed after a trap: C++ may have stopped halfway through `malloc` or while holding a lock, and the next
 * call would wait for ever. Such an instance is dropped as a whole.
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

  /** Registers `release` to be called at the end. */
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
    if (pointer === 0) throw new OrtError(`onnxruntime's memory has no room for ${bytes} bytes`);
    this.defer(() => this.#module._free(pointer));
    return pointer;
  }
}
