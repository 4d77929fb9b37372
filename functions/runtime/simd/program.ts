/**
 * A tower's steps and the layout of the WASM memory: first the shards' files one after the other, then what is computed
 * from them, then the activations of a run. Two maps take turns as input and output. All steps share the scratch
 * buffers.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import type { Dot } from "../tower/engine.ts";
import { compileShard } from "./compile-shard.ts";
import type { Kernels, Pointer } from "./kernels.ts";
import { readGraph } from "./onnx/read-graph.ts";
import { ShardWeights } from "./shard-weights.ts";
import { elements, FLOAT_BYTES, type Shape, type Step, type TextSpan } from "./steps/step.ts";

const ALIGNMENT = 64;
/** Address 0 means "none". The bytes up to this address belong to the kernels, see `kernels/low-memory.ts`. */
const FIRST_ADDRESS = 1024;
/**
 * The float matmul may read rows after the last one of its input. Their values do not matter, but they must be inside
 * the memory.
 */
const SLACK_BYTES = 65_536;

const align = (bytes: number): number => ALIGNMENT * Math.ceil(bytes / ALIGNMENT);

export interface ProgramShard {
  shard: Shard;
  /** Address of the shard's external data. */
  base: Pointer;
  weights: ShardWeights;
  /** Number of the tower's steps in the shards up to and including this one. */
  steps: number;
}

/** An input that has passed some steps. Between two steps, its only state is one map. */
export interface Run {
  readonly layout: Layout;
  readonly texts: readonly TextSpan[];
  /** Number of steps that are done. */
  taken: number;
  /** The activation. */
  at: Pointer;
  shape: Shape;
}

interface Layout {
  maps: readonly [Pointer, Pointer];
  scratch: (readonly Pointer[])[];
  end: number;
}

export class Program {
  readonly shards: readonly ProgramShard[];
  readonly #steps: readonly Step[];
  /** Address at which the weights end and the activations begin. */
  readonly #activations: number;

  /**
   * @param graphs the shards' ONNX graphs, in order
   * @param dot kind of the dot product of the kernels that will run the program
   * @throws SimdError if the graphs are not a tower's
   */
  constructor(shards: readonly Shard[], graphs: readonly Uint8Array[], dot: Dot) {
    let end = FIRST_ADDRESS;
    const allocate = (bytes: number): Pointer => {
      const pointer = end;
      end += align(bytes);
      return pointer;
    };
    const steps: Step[] = [];
    this.shards = shards.map((shard, i) => {
      const base = allocate(shard.weights.bytes);
      const graph = readGraph(graphs[i] ?? new Uint8Array(0));
      const weights = new ShardWeights(graph, base, dot, allocate);
      const names = { input: shard.inputs[0]?.name ?? "", output: shard.output.name };
      for (const step of compileShard(graph, weights, names)) steps.push(step);
      return { shard, base, weights, steps: steps.length };
    });
    this.#steps = steps;
    this.#activations = end;
  }

  /**
   * Bytes of memory that loading and a run with this input need, also if the input runs while shards arrive. @param texts
   * how many the input has
   */
  bytesNeeded(input: Shape, texts = 1): number {
    const shapes = this.#shapes(input, texts);
    let taken = 0;
    const preparing = this.shards.map(({ weights, steps }) => {
      const waiting = taken === 0 ? 0 : mapBytes(shapes[taken] ?? input);
      taken = steps;
      return this.#activations + waiting + weights.largestMoved;
    });
    return Math.max(...preparing, this.#layout(input, texts).end);
  }

  /**
   * Makes a shard runnable. All of its bytes must be in the memory and verified. @param run a run that waits for the shard;
   * the memory must have `bytesNeeded` of its input
   */
  prepare({ weights }: ProgramShard, kernels: Kernels, memory: WebAssembly.Memory, run?: Run): void {
    const scratch = run === undefined ? this.#activations : behindActivation(run, memory);
    weights.prepare(kernels, memory, scratch);
  }

  /**
   * Copies an input to where the first step reads it. The memory must have `bytesNeeded(shape, texts.length)`.
   * @param texts texts in the input; none for a picture
   */
  begin(memory: WebAssembly.Memory, data: Float32Array, shape: Shape, texts: readonly TextSpan[]): Run {
    const layout = this.#layout(shape, texts.length);
    const [at] = layout.maps;
    new Float32Array(memory.buffer, at, data.length).set(data);
    return { layout, texts, taken: 0, at, shape };
  }

  /** Runs the next steps, up to the `until`-th. Their shards must be prepared. */
  advance(run: Run, kernels: Kernels, until = this.#steps.length): void {
    const { layout, texts } = run;
    const [first, second] = layout.maps;
    for (; run.taken < until; run.taken++) {
      const step = this.#steps[run.taken];
      if (step === undefined) return;
      const output = run.at === first ? second : first;
      const scratch = layout.scratch[run.taken] ?? [];
      step.run({ kernels, input: run.at, shape: run.shape, output, scratch, texts });
      run.shape = step.outputShape(run.shape, texts.length);
      run.at = output;
    }
  }

  /** A copy of the run's present activation. */
  result(run: Run, memory: WebAssembly.Memory): { data: Float32Array<ArrayBuffer>; shape: Shape } {
    return { data: new Float32Array(memory.buffer, run.at, elements(run.shape)).slice(), shape: run.shape };
  }

  /** The shape before each step, and that of the result. */
  #shapes(input: Shape, texts: number): Shape[] {
    const shapes = [input];
    for (const step of this.#steps) shapes.push(step.outputShape(shapes.at(-1) ?? input, texts));
    return shapes;
  }

  #layout(input: Shape, texts: number): Layout {
    const shapes = this.#shapes(input, texts);
    const map = Math.max(...shapes.map(mapBytes));
    const first = this.#activations;
    let end = first + 2 * map;
    const scratch = this.#steps.map((step, i) => {
      let at = first + 2 * map;
      const pointers = step.scratch(shapes[i] ?? [], texts).map((bytes) => {
        const pointer = at;
        at += align(bytes);
        return pointer;
      });
      end = Math.max(end, at);
      return pointers;
    });
    return { maps: [first, first + map], scratch, end: end + SLACK_BYTES };
  }
}

function mapBytes(shape: Shape): number {
  return align(elements(shape) * FLOAT_BYTES);
}

/** The first address behind a run's activation, which is brought into the first of its two maps. */
function behindActivation(run: Run, memory: WebAssembly.Memory): Pointer {
  const [first] = run.layout.maps;
  const bytes = mapBytes(run.shape);
  if (run.at !== first) {
    new Uint8Array(memory.buffer).copyWithin(first, run.at, run.at + bytes);
    run.at = first;
  }
  return first + bytes;
}
