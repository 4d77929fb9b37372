/**
 * Runs a tower on the project's own kernels. The graphs are read first; they determine the layout of the memory, which
 * is allocated once, for the planned input. Then the weights are streamed into their places, verified there, and
 * brought into the kernels' order. Of the weights, JavaScript holds only one piece of each stream at a time.
 */
import { ServiceError } from "../errors.ts";
import { freeBuffer } from "../bytes/free-buffer.ts";
import type { Renew } from "../sharing/lease.ts";
import type { Place } from "../model-store/arrivals.ts";
import { downloadParts } from "../model-store/download-parts.ts";
import type { Tensor } from "../tensor.ts";
import { type Dot, type EarlyRun, END_INPUT, type Engine, type TowerParts } from "../tower/engine.ts";
import { assertFits, MAXIMUM_WASM_BYTES } from "../tower/memory-limits.ts";
import { instantiateKernels, type Kernels } from "./kernels.ts";
import { Program, type ProgramShard, type Run } from "./program.ts";
import { SimdError } from "./simd-error.ts";
import type { TextSpan } from "./steps/step.ts";

/**
 * Positions that run together: a multiple of every layout's tile, about 50 ms of base_w's text tower on a slow host.
 */
const TEXT_POSITIONS = 36;
const PAGE_BYTES = 65_536;
const MAXIMUM_PAGES = Math.floor(MAXIMUM_WASM_BYTES / PAGE_BYTES);

interface Instance {
  program: Program;
  memory: WebAssembly.Memory;
  kernels: Kernels;
}

/** A run that goes on while shards are loaded. */
interface Running {
  input: Tensor;
  run: Run;
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

  async load(renew: Renew, early?: EarlyRun): Promise<void> {
    const { shards, source } = this.#parts;
    assertFits(shards, "simd");
    const wasm = this.#wasm();
    wasm.catch(() => {});
    const graphs = this.#instance === undefined ? shards.map(({ graph }) => graph) : [];
    const graphBytes = graphs.map(({ bytes }) => new Uint8Array(bytes));
    const weights = shards.slice(this.#loaded);
    // Weights are requested together with the graphs. They wait until the graphs have determined their places.
    const { promise: started, resolve, reject } = Promise.withResolvers<Instance>();
    started.catch(() => {});
    if (this.#instance !== undefined) resolve(this.#instance);
    const place = async (index: number): Promise<Place> => {
      const graph = graphBytes[index];
      if (graph !== undefined) return () => graph;
      const { program, memory } = await started;
      const { base, shard } = program.shards[
        shards.length - weights.length + index - graphs.length
      ] as ProgramShard;
      return () => new Uint8Array(memory.buffer, base, shard.weights.bytes);
    };
    let running: Running | undefined;
    const parts = [...graphs, ...weights.map((shard) => shard.weights)];
    try {
      for await (const index of downloadParts(source, { parts, place, onProgress: renew })) {
        renew();
        if (index === graphs.length - 1) {
          const instance = await this.#start(await wasm, graphBytes);
          renew();
          resolve((this.#instance = instance));
        }
        if (index < graphs.length) continue;
        const instance = await started;
        const shard = instance.program.shards[this.#loaded] as ProgramShard;
        instance.program.prepare(shard, instance.kernels, instance.memory, running?.run);
        this.#loaded++;
        if (early !== undefined) running = this.#runEarly(instance, shard, early, running);
      }
    } finally {
      reject(new Error("the load has ended"));
    }
  }

  /**
   * Continues the early run, if there is one, as far as the loaded shards allow. @param running the run that was begun
   * before
   */
  #runEarly(
    { program, kernels, memory }: Instance,
    shard: ProgramShard,
    early: EarlyRun,
    running: Running | undefined,
  ): Running | undefined {
    const input = early.input();
    if (input === undefined) return undefined;
    try {
      let run = running?.input === input ? running.run : undefined;
      if (run === undefined) {
        const data = checkedInput(input);
        // Not guarded: an input that does not fit is no trap.
        grow(memory, program.bytesNeeded(input.shape));
        run = program.begin(memory, data, input.shape, []);
      }
      const begun = run;
      this.#guard(() => program.advance(begun, kernels, shard.steps));
      if (shard === program.shards.at(-1)) early.done({ output: finite(program.result(run, memory)) });
      return { input, run };
    } catch (error) {
      if (this.#aborted) throw error;
      early.done({ error });
      return undefined;
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
    if (this.#loaded < this.#parts.shards.length) throw new SimdError("the tower is not loaded yet");
    const values = checkedInput({ data, shape });
    grow(memory, program.bytesNeeded(shape, texts.length));
    const result = this.#guard(() => {
      const run = program.begin(memory, values, shape, texts);
      program.advance(run, kernels);
      return program.result(run, memory);
    });
    freeBuffer(data);
    return finite(result);
  }

  release(): void {
    this.#instance = undefined;
    this.#loaded = 0;
    this.#aborted = true;
  }

  /** @param graphs the shards' ONNX graphs, in order */
  async #start(wasm: WebAssembly.Module, graphs: readonly Uint8Array[]): Promise<Instance> {
    const { shards, inputShape } = this.#parts;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES });
    const kernels = await instantiateKernels(wasm, memory);
    const program = new Program(shards, graphs, kernels.dot);
    grow(memory, program.bytesNeeded(inputShape));
    return { program, memory, kernels };
  }

  /** After a trap the instance is not used again, because the fault may have overwritten any part of the memory. */
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

/** @throws SimdError if the input is not a float32 activation of batch 1 */
function checkedInput({ data, shape }: Tensor): Float32Array {
  if (data instanceof Float32Array && shape[0] === 1) return data;
  throw new SimdError("the input must be one float32 activation with batch 1");
}

/** @throws SimdError if the result contains NaN or infinity */
function finite({ data, shape }: { data: Float32Array<ArrayBuffer>; shape: readonly number[] }): Tensor {
  if (data.every(Number.isFinite)) return { data, shape: [...shape] };
  throw new SimdError("the result is not finite");
}

/** @throws ServiceError `model_unavailable` if the memory would be larger than an isolate may hold */
function grow(memory: WebAssembly.Memory, bytes: number): void {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (pages <= 0) return;
  try {
    memory.grow(pages);
  } catch (cause) {
    throw new ServiceError("model_unavailable", "the model does not fit this deployment's stages", { cause });
  }
}
