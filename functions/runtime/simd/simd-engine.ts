/**
 * A tower on the project's own kernels. The graphs are read first and say where everything goes; the memory is made once,
 * as large as the planned input needs; then the weights stream from R2 into their places, are verified there, and are
 * brought into the kernels' order. Nothing of them is ever on the JavaScript side but a piece of each stream.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import { ServiceError } from "../errors.ts";
import { freeBuffer } from "../free-buffer.ts";
import type { Renew } from "../lease.ts";
import { readVerified } from "../model-store/read-verified.ts";
import { openObject, streamInto } from "../model-store/stream-into.ts";
import type { Tensor } from "../tensor.ts";
import { type Dot, END_INPUT, type Engine, type TowerParts } from "../tower/engine.ts";
import { inOrder } from "../tower/in-order.ts";
import { assertFits, MAXIMUM_WASM_BYTES } from "../tower/memory-limits.ts";
import { instantiateKernels, type Kernels } from "./kernels.ts";
import { Program, type ProgramShard } from "./program.ts";
import { SimdError } from "./simd-error.ts";
import type { TextSpan } from "./steps/step.ts";

/** Streams at once. The platform has a request wait for the headers of six; bodies are not counted. */
const CONCURRENT_READS = 12;
/** Positions that run together: whole tiles of every layout, about 50 ms of base_w's text tower on a slow host. */
const TEXT_POSITIONS = 36;
const PAGE_BYTES = 65_536;
const MAXIMUM_PAGES = Math.floor(MAXIMUM_WASM_BYTES / PAGE_BYTES);

interface Instance {
  program: Program;
  memory: WebAssembly.Memory;
  kernels: Kernels;
}

export class SimdEngine implements Engine {
  readonly textPositions = TEXT_POSITIONS;
  readonly #wasm: () => Promise<WebAssembly.Module>;
  readonly #parts: TowerParts;
  #instance: Instance | undefined;
  #loaded = 0;
  #aborted = false;

  /** @param wasm one of the modules of `.generated/simd/` */
  constructor(wasm: () => Promise<WebAssembly.Module>, parts: TowerParts) {
    this.#wasm = wasm;
    this.#parts = parts;
  }

  get memoryBytes(): number {
    return this.#instance?.memory.buffer.byteLength ?? 0;
  }

  get dot(): Dot | undefined {
    return this.#instance?.kernels.dot;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  async load(renew: Renew): Promise<void> {
    // The first weights are asked for beside the graphs, and wait until these have said where they go.
    const first = this.#parts.shards.slice(this.#loaded, this.#loaded + CONCURRENT_READS);
    const opened = new Map(first.map((shard) => [shard.weights.file, this.#open(shard)]));
    try {
      const { program, kernels, memory } = (this.#instance ??= await this.#start(renew));
      const stream = async (programShard: ProgramShard): Promise<ProgramShard> => {
        const { shard, base } = programShard;
        const { file, bytes } = shard.weights;
        const body = opened.get(file) ?? this.#open(shard);
        opened.delete(file);
        const target = (): Uint8Array<ArrayBuffer> => new Uint8Array(memory.buffer, base, bytes);
        await streamInto(body, this.#keyOf(file), shard.weights, target, renew);
        return programShard;
      };
      for await (const shard of inOrder(program.shards.slice(this.#loaded), CONCURRENT_READS, stream)) {
        renew();
        program.prepare(shard, kernels, memory);
        this.#loaded++;
      }
    } finally {
      for (const body of opened.values()) body.then((stream) => stream.cancel()).catch(() => {});
    }
  }

  run(input: Tensor, extra: Record<string, Tensor>): Tensor {
    const [, length = 0] = input.shape;
    const end = extra[END_INPUT]?.data[0];
    return this.#run(input, end === undefined ? [] : [{ start: 0, length, end: Number(end) }]);
  }

  runTexts(input: Tensor, lengths: readonly number[]): Tensor {
    let positions = 0;
    const texts = lengths.map((length) => {
      const start = positions;
      positions += length;
      return { start, length, end: length - 1 };
    });
    if (texts.length === 0 || positions !== input.shape[1]) {
      throw new SimdError(`${input.shape[1]} positions for texts of ${positions}`);
    }
    return this.#run(input, texts);
  }

  #run({ data, shape }: Tensor, texts: readonly TextSpan[]): Tensor {
    const { program, kernels, memory } = this.#instance ?? {};
    if (this.#aborted || program === undefined || kernels === undefined || memory === undefined) {
      throw new SimdError("this instance has aborted; a new one is needed");
    }
    if (!(data instanceof Float32Array) || shape[0] !== 1) throw new SimdError("not one float32 activation");
    grow(memory, program.bytesNeeded(shape, texts.length));
    const result = this.#guard(() => program.run(kernels, memory, data, shape, texts));
    freeBuffer(data);
    if (!result.data.every(Number.isFinite)) throw new SimdError("the result is not finite");
    return { data: result.data, shape: [...result.shape] };
  }

  release(): void {
    this.#instance = undefined;
    this.#loaded = 0;
    this.#aborted = true;
  }

  async #start(renew: Renew): Promise<Instance> {
    const { shards, source, inputShape } = this.#parts;
    assertFits(shards, "simd");
    const read = async ({ graph }: (typeof shards)[number]): Promise<Uint8Array> =>
      await readVerified(source.bucket, `${source.prefix}/${graph.file}`, graph, renew);
    const [wasm, graphs] = await Promise.all([
      this.#wasm(),
      Array.fromAsync(inOrder(shards, CONCURRENT_READS, read)),
    ]);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES });
    const kernels = await instantiateKernels(wasm, memory);
    const program = new Program(shards, graphs, kernels.dot);
    grow(memory, program.bytesNeeded(inputShape));
    renew();
    return { program, memory, kernels };
  }

  #open({ weights }: Shard): Promise<ReadableStream<Uint8Array>> {
    const body = openObject(this.#parts.source.bucket, this.#keyOf(weights.file), weights.bytes);
    // Whoever reads it is told.
    body.catch(() => {});
    return body;
  }

  #keyOf(file: string): string {
    return `${this.#parts.source.prefix}/${file}`;
  }

  /** A trap leaves the memory as it is, but whatever caused it may have written anywhere. */
  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (error instanceof SimdError) throw error;
      this.#aborted = true;
      throw new SimdError("the kernels aborted", { cause: error });
    }
  }
}

/** @throws ServiceError `model_unavailable` for more than an isolate may hold */
function grow(memory: WebAssembly.Memory, bytes: number): void {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (pages <= 0) return;
  try {
    memory.grow(pages);
  } catch (cause) {
    throw new ServiceError("model_unavailable", "the model does not fit this deployment's stages", { cause });
  }
}
