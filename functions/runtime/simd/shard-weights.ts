/**
 * A shard's weights in the WASM memory. The file's bytes lie unchanged at `base` until all of them have been verified.
 * Then each weight is brought into its kernel's order, in place. Values that are computed from the weights lie
 * elsewhere.
 */
import type { Dot } from "../tower/engine.ts";
import type { Kernels, Pointer } from "./kernels.ts";
import type { Graph, TensorRef } from "./onnx/read-graph.ts";
import { SimdError } from "./simd-error.ts";

/** Brings one weight into its kernel's order. @param copy copy of its original bytes */
type Reorder = (kernels: Kernels, copy: Pointer, weight: Pointer) => void;

export class ShardWeights {
  readonly #base: Pointer;
  readonly #weights: ReadonlyMap<string, TensorRef>;
  readonly #allocate: (bytes: number) => Pointer;
  readonly #reorders = new Map<string, Reorder>();

  /** Kind of the host's dot product, which decides the order of the weights. */
  readonly dot: Dot;

  /** @param allocate allocates memory that is never freed */
  constructor(graph: Graph, base: Pointer, dot: Dot, allocate: (bytes: number) => Pointer) {
    this.dot = dot;
    this.#base = base;
    this.#weights = graph.weights;
    this.#allocate = allocate;
  }

  /** Bytes of the largest weight that `prepare` has to move. */
  get largestMoved(): number {
    return Math.max(0, ...[...this.#reorders.keys()].map((name) => this.ref(name).length));
  }

  ref(name: string | undefined): TensorRef {
    const ref = this.#weights.get(name ?? "");
    if (ref === undefined) throw new SimdError(`the graph has no weight ${name}`);
    return ref;
  }

  /** A float32 weight, left in its order. @throws SimdError if it does not have `length` values */
  floats(name: string | undefined, length: number): Pointer {
    const ref = this.ref(name);
    if (ref.type !== "float32" || ref.length !== 4 * length)
      throw new SimdError(`weight ${name} does not have ${length} values`);
    return this.#base + ref.offset;
  }

  /** A weight that `prepare` brings into another order. It is reordered once, even if it is used several times. */
  reordered(name: string | undefined, reorder: Reorder): Pointer {
    const ref = this.ref(name);
    if (!this.#reorders.has(ref.name)) this.#reorders.set(ref.name, reorder);
    return this.#base + ref.offset;
  }

  allocate(bytes: number): Pointer {
    return this.#allocate(bytes);
  }

  /**
   * Reorders the weights. Called once, when all of the shard's bytes are in memory and verified. @param scratch
   * `largestMoved` bytes
   */
  prepare(kernels: Kernels, memory: WebAssembly.Memory, scratch: Pointer): void {
    const bytes = new Uint8Array(memory.buffer);
    for (const [name, reorder] of this.#reorders) {
      const { offset, length } = this.ref(name);
      const weight = this.#base + offset;
      bytes.copyWithin(scratch, weight, weight + length);
      reorder(kernels, scratch, weight);
    }
  }
}
