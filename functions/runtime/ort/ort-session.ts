/** One ONNX graph, loaded and runnable. Running is synchronous: this build of onnxruntime never suspends. */
import { type HeapScope, withHeap } from "./heap-scope.ts";
import type { OrtModule } from "./ort-api.ts";
import { OrtError, throwLastError } from "./ort-error.ts";
import { LOG_ERRORS } from "./ort-module.ts";
import { copyOut, elementType, type Tensor } from "./element-types.ts";

export interface SessionOptions {
  /** Keep freed activation memory for the next run (default), instead of giving it back to the heap. */
  arena?: boolean;
  /** Plan activation memory on the first run of a shape and allocate it in one piece afterwards. */
  memoryPattern?: boolean;
}

/** `ORT_ENABLE_ALL`, `ORT_SEQUENTIAL`, CPU memory. */
const OPTIMIZE_ALL = 99;
const SEQUENTIAL = 0;
const CPU = 1;
const POINTER_BYTES = 4;

type Guard = <T>(call: () => T) => T;

export class OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #module: OrtModule;
  readonly #guard: Guard;
  #handle: number;

  private constructor(module: OrtModule, guard: Guard, handle: number) {
    this.#module = module;
    this.#guard = guard;
    this.#handle = handle;
    const names = readNames(module, handle);
    this.inputNames = names.inputs;
    this.outputNames = names.outputs;
  }

  /** See `OrtRuntime.createSession`. */
  static create(
    module: OrtModule,
    graph: Uint8Array,
    externalData: ReadonlyMap<string, Uint8Array>,
    { arena = true, memoryPattern = true }: SessionOptions,
    guard: Guard,
  ): OrtSession {
    try {
      for (const [path, data] of externalData) module.mountExternalData(path, data);
      const handle = withHeap(module, (heap) => {
        const settings = createOptions(module, heap, arena, memoryPattern);
        const created = module._OrtCreateSession(heap.bytes(graph), graph.byteLength, settings);
        if (typeof created !== "number")
          throw new OrtError(
            "this build of onnxruntime is asynchronous; the runtime needs a synchronous one",
          );
        if (created === 0) throwLastError(module, "the graph was refused");
        return created;
      });
      return OrtSession.#named(module, guard, handle);
    } finally {
      // This clears a JavaScript map, not the heap, so it is safe after a trap. The map must not keep the weights
      // alive.
      module.unmountExternalData();
    }
  }

  /**
   * Reads the session's input and output names. If there is no memory for them, the session is released, not leaked.
   */
  static #named(module: OrtModule, guard: Guard, handle: number): OrtSession {
    try {
      return new OrtSession(module, guard, handle);
    } catch (error) {
      if (error instanceof OrtError) module._OrtReleaseSession(handle);
      throw error;
    }
  }

  /**
   * Runs the graph.
   * @param inputs one tensor for each name in `inputNames`
   * @returns one tensor for each name in `outputNames`, copied out of the WASM heap
   * @throws OrtError for a missing input, or with onnxruntime's reason
   */
  run(inputs: Record<string, Tensor>): Record<string, Tensor> {
    return this.#guard(() => this.#run(inputs));
  }

  /** Frees the session's memory in the heap. */
  release(): void {
    if (this.#handle === 0) return;
    this.#guard(() => this.#module._OrtReleaseSession(this.#handle));
    this.#handle = 0;
  }

  #run(inputs: Record<string, Tensor>): Record<string, Tensor> {
    if (this.#handle === 0) throw new OrtError("the session was released");
    const module = this.#module;
    return withHeap(module, (heap) => {
      const tensors = this.inputNames.map((name) => {
        const input = inputs[name];
        if (input === undefined) throw new OrtError(`input ${name} is missing`);
        return createTensor(module, heap, name, input);
      });
      const outputCount = this.outputNames.length;
      const outputs = heap.pointers(Array.from({ length: outputCount }, () => 0));
      const status = module._OrtRun(
        this.#handle,
        heap.pointers(this.inputNames.map((name) => heap.string(name))),
        heap.pointers(tensors),
        tensors.length,
        heap.pointers(this.outputNames.map((name) => heap.string(name))),
        outputCount,
        outputs,
        0,
      );
      if (status !== 0) throwLastError(module, "the run failed");
      const results = readPointers(module, outputs, outputCount);
      for (const tensor of results) heap.defer(() => module._OrtReleaseTensor(tensor));
      return Object.fromEntries(
        this.outputNames.map((name, index) => [name, readTensor(module, heap, results[index] ?? 0)]),
      );
    });
  }
}

/**
 * Without repacked copies of weights: fp32 matrices would be in the heap twice while a session is created. int8
 * matrices are never repacked.
 */
const CONFIG = [["session.disable_prepacking", "1"]] as const;

function createOptions(module: OrtModule, heap: HeapScope, arena: boolean, memoryPattern: boolean): number {
  const options = module._OrtCreateSessionOptions(
    OPTIMIZE_ALL,
    arena,
    memoryPattern,
    SEQUENTIAL,
    false,
    0,
    0,
    LOG_ERRORS,
    0,
    0,
  );
  if (options === 0) throwLastError(module, "session options were refused");
  heap.defer(() => module._OrtReleaseSessionOptions(options));
  for (const [key, value] of CONFIG) {
    const status = module._OrtAddSessionConfigEntry(options, heap.string(key), heap.string(value));
    if (status !== 0) throwLastError(module, `the session option ${key} was refused`);
  }
  return options;
}

function createTensor(module: OrtModule, heap: HeapScope, name: string, { data, shape }: Tensor): number {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements !== data.length) {
    throw new OrtError(
      `input ${name} has ${data.length} elements, its shape [${shape.join(", ")}] says ${elements}`,
    );
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const pointer = heap.bytes(bytes);
  const dims = heap.pointers(shape);
  const tensor = module._OrtCreateTensor(
    elementType(data),
    pointer,
    bytes.byteLength,
    dims,
    shape.length,
    CPU,
  );
  if (tensor === 0) throwLastError(module, `input ${name} was refused`);
  heap.defer(() => module._OrtReleaseTensor(tensor));
  return tensor;
}

function readTensor(module: OrtModule, heap: HeapScope, tensor: number): Tensor {
  const fields = heap.pointers([0, 0, 0, 0]);
  const [type, data, dims, rank] = [0, 1, 2, 3].map((index) => fields + index * POINTER_BYTES) as Four;
  if (module._OrtGetTensorData(tensor, type, data, dims, rank) !== 0)
    throwLastError(module, "no output data");
  const [typeNumber, dataPointer, dimsPointer, dimsCount] = readPointers(module, fields, 4) as Four;
  const shape = readPointers(module, dimsPointer, dimsCount);
  module._OrtFree(dimsPointer);
  const count = shape.reduce((product, size) => product * size, 1);
  return { data: copyOut(module.HEAPU8, typeNumber, dataPointer, count), shape };
}

type Four = [number, number, number, number];

function readPointers(module: OrtModule, pointer: number, count: number): number[] {
  const start = pointer / POINTER_BYTES;
  return Array.from(module.HEAP32.subarray(start, start + count), (value) => value >>> 0);
}

function readNames(module: OrtModule, session: number): { inputs: string[]; outputs: string[] } {
  return withHeap(module, (heap) => {
    const pair = heap.pointers([0, 0]);
    const read = (): [number, number] => readPointers(module, pair, 2) as [number, number];
    if (module._OrtGetInputOutputCount(session, pair, pair + POINTER_BYTES) !== 0) {
      throwLastError(module, "no input and output count");
    }
    const [inputCount, outputCount] = read();
    const names = Array.from({ length: inputCount + outputCount }, (_, index) => {
      if (module._OrtGetInputOutputMetadata(session, index, pair, pair + POINTER_BYTES) !== 0) {
        throwLastError(module, "no input and output names");
      }
      const [name, metadata] = read();
      const text = module.UTF8ToString(name);
      module._OrtFree(name);
      module._OrtFree(metadata);
      return text;
    });
    return { inputs: names.slice(0, inputCount), outputs: names.slice(inputCount) };
  });
}
