/**
 * One instance of onnxruntime with its own WASM memory of bounded size. There is no module state, so an instance that
 * aborted can be dropped and replaced.
 */
import { OrtError } from "./ort-error.ts";
import type { OrtModule } from "./ort-api.ts";
import { instantiateOrt } from "./ort-module.ts";
import { OrtSession, type SessionOptions } from "./ort-session.ts";

export type { OrtSession } from "./ort-session.ts";
export type { Tensor } from "./element-types.ts";

const PAGE_BYTES = 65_536;
/** The module's own minimum: 256 pages. */
const MINIMUM_BYTES = 256 * PAGE_BYTES;

export interface MemoryLimits {
  /**
   * Size of the WASM memory at the start, rounded up to pages; at least the module's own minimum, at most
   * `maximumBytes`.
   */
  initialBytes: number;
  /** Largest size of the WASM memory, rounded down to pages; an allocation beyond it fails with an OrtError. */
  maximumBytes: number;
}

export class OrtRuntime {
  readonly #module: OrtModule;
  readonly #memory: WebAssembly.Memory;
  #aborted = false;

  constructor(module: OrtModule, memory: WebAssembly.Memory) {
    this.#module = module;
    this.#memory = memory;
  }

  /** Size of the WASM memory, bytes; it never shrinks. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** True once the instance has trapped: every further call throws, and a new runtime is needed. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /**
   * Creates a session. `graph` and `externalData` are copied into the WASM memory and not kept afterwards.
   * @param externalData weights by the location that the graph names
   * @throws OrtError with onnxruntime's reason: a graph that it cannot parse, missing data, not enough memory
   */
  createSession(
    graph: Uint8Array,
    externalData: ReadonlyMap<string, Uint8Array>,
    options: SessionOptions = {},
  ): OrtSession {
    return this.#guard(() =>
      OrtSession.create(this.#module, graph, externalData, options, (call) => this.#guard(call)),
    );
  }

  /**
   * Runs a call into WASM. After an error that onnxruntime reports, the instance stays usable; after a trap or an abort
   * it does not.
   */
  #guard<T>(call: () => T): T {
    if (this.#aborted) throw new OrtError("this onnxruntime instance has aborted; a new one is needed");
    try {
      return call();
    } catch (error) {
      if (error instanceof OrtError) throw error;
      this.#aborted = true;
      throw new OrtError("onnxruntime aborted", { cause: error });
    }
  }
}

/**
 * @param wasm compiled from `.generated/ort/ort.wasm`
 * @throws OrtError if the memory cannot be allocated or the instance does not start
 */
export async function createOrtRuntime(wasm: WebAssembly.Module, limits: MemoryLimits): Promise<OrtRuntime> {
  const memory = createMemory(limits);
  return new OrtRuntime(await instantiateOrt(wasm, memory), memory);
}

function createMemory({ initialBytes, maximumBytes }: MemoryLimits): WebAssembly.Memory {
  const maximum = Math.floor(maximumBytes / PAGE_BYTES);
  const initial = Math.min(maximum, Math.ceil(Math.max(initialBytes, MINIMUM_BYTES) / PAGE_BYTES));
  if (maximumBytes < MINIMUM_BYTES) {
    throw new OrtError(
      `onnxruntime needs at least ${MINIMUM_BYTES} bytes of memory, but maximumBytes is ${maximumBytes}`,
    );
  }
  try {
    return new WebAssembly.Memory({ initial, maximum });
  } catch (cause) {
    throw new OrtError(`could not allocate ${initial * PAGE_BYTES} bytes of memory for onnxruntime`, {
      cause,
    });
  }
}
