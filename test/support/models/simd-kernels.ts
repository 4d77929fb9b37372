/** The kernels' modules, compiled from the generated files as a bundler would, and a memory to call them on. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  hasRelaxedSimd,
  instantiateKernels,
  type Kernels,
  type Pointer,
} from "../../../functions/runtime/simd/kernels.ts";
import type { Dot } from "../../../functions/runtime/tower/engine.ts";

const GENERATED = join(import.meta.dirname, "../../../.generated/simd");

export type Variant = "relaxed" | "plain";

export async function simdModule(variant: Variant): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(join(GENERATED, `${variant}.wasm`)));
}

/** Kind of this process's dot product. */
export async function hostDot(): Promise<Dot> {
  if (!hasRelaxedSimd()) return "none";
  const memory = new WebAssembly.Memory({ initial: 1 });
  return (await instantiateKernels(await simdModule("relaxed"), memory)).dot;
}

export class KernelBench {
  readonly kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  #end = 1024;

  private constructor(kernels: Kernels, memory: WebAssembly.Memory) {
    this.kernels = kernels;
    this.#memory = memory;
  }

  static async create(variant: Variant): Promise<KernelBench> {
    const memory = new WebAssembly.Memory({ initial: 512 });
    return new KernelBench(await instantiateKernels(await simdModule(variant), memory), memory);
  }

  /** Allocates `bytes`, filled with a pattern that is not zero. */
  room(bytes: number): Pointer {
    const pointer = this.#end;
    this.#end += 64 * Math.ceil((bytes + 64) / 64);
    new Uint8Array(this.#memory.buffer, pointer, bytes).fill(0x2a);
    return pointer;
  }

  put(values: Float32Array | Int8Array | Int32Array): Pointer {
    const pointer = this.room(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.#memory.buffer).set(bytes, pointer);
    return pointer;
  }

  floats(pointer: Pointer, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, pointer, length).slice();
  }
}
