/** Runs a tower on onnxruntime: one session for each shard, all in one WASM memory. */
import type { Shard } from "../../../model-shards/manifest.ts";
import { freeBuffer } from "../bytes/free-buffer.ts";
import type { Renew } from "../sharing/lease.ts";
import { END_INPUT, type Engine, type TowerParts } from "../tower/engine.ts";
import { assertFits, MAXIMUM_WASM_BYTES } from "../tower/memory-limits.ts";
import { downloadShards } from "../tower/shard-downloads.ts";
import { createOrtRuntime, type OrtRuntime, type OrtSession, type Tensor } from "./ort-runtime.ts";

/**
 * Without arena and memory pattern: both keep activation memory of earlier shapes, and neither was measurably faster.
 */
const SESSION_OPTIONS = { arena: false, memoryPattern: false };

/**
 * The memory starts at onnxruntime's own minimum and grows to exactly the size that is asked for (`build/ort-wasm`):
 * while shards are downloaded, their buffers use the room that activations need later.
 */
const MEMORY = { initialBytes: 0, maximumBytes: MAXIMUM_WASM_BYTES };

interface Loaded {
  shard: Shard;
  session: OrtSession;
}

export class OrtEngine implements Engine {
  readonly textPositions = 1;
  readonly dot = undefined;
  readonly #wasm: WebAssembly.Module;
  readonly #parts: TowerParts;
  #runtime: OrtRuntime | undefined;
  #loaded: Loaded[] = [];

  /** @param wasm compiled from `.generated/ort/ort.wasm` */
  constructor(wasm: WebAssembly.Module, parts: TowerParts) {
    this.#wasm = wasm;
    this.#parts = parts;
  }

  get memoryBytes(): number {
    return this.#runtime?.memoryBytes ?? 0;
  }

  get aborted(): boolean {
    return this.#runtime?.aborted === true;
  }

  async load(renew: Renew): Promise<void> {
    const { shards, source } = this.#parts;
    const downloads = downloadShards(shards.slice(this.#loaded.length), source, renew);
    // The first downloads run while onnxruntime is instantiated.
    const [first, runtime] = await Promise.all([downloads.next(), this.#startRuntime(renew)]);
    for (let download = first; download.done !== true; download = await downloads.next()) {
      renew();
      const shard = shards[this.#loaded.length];
      if (shard === undefined) break;
      const { graph, weights } = download.value;
      const session = runtime.createSession(graph, new Map([[shard.weights.file, weights]]), SESSION_OPTIONS);
      freeBuffer(weights);
      this.#loaded.push({ shard, session });
    }
  }

  run(input: Tensor, extra: Record<string, Tensor>): Tensor {
    if (this.#loaded.length < this.#parts.shards.length) throw new Error("the tower is not loaded yet");
    let activation = input;
    for (const { shard, session } of this.#loaded) {
      const [first] = shard.inputs;
      const inputs = { ...extra, [first?.name ?? ""]: activation };
      const output = session.run(inputs)[shard.output.name];
      if (output === undefined) throw new Error(`shard ${shard.graph.file} gave no ${shard.output.name}`);
      freeBuffer(activation.data);
      activation = output;
    }
    return activation;
  }

  /**
   * Texts run one by one: onnxruntime computes one activation scale for the whole run, so in a batch a text's vector
   * would depend on the other texts.
   */
  runTexts({ data, shape }: Tensor, lengths: readonly number[]): Tensor {
    const [, , width = 0] = shape;
    const rows = data as Float32Array;
    const vectors: Float32Array[] = [];
    let start = 0;
    for (const length of lengths) {
      const text = rows.slice(start * width, (start + length) * width);
      const end = { data: BigInt64Array.of(BigInt(length - 1)), shape: [1, 1] };
      const { data: vector } = this.run({ data: text, shape: [1, length, width] }, { [END_INPUT]: end });
      vectors.push(vector as Float32Array);
      start += length;
    }
    freeBuffer(rows);
    const size = vectors[0]?.length ?? 0;
    const all = new Float32Array(vectors.length * size);
    for (const [i, vector] of vectors.entries()) all.set(vector, i * size);
    return { data: all, shape: [vectors.length, size] };
  }

  release(): void {
    this.#runtime = undefined;
    this.#loaded = [];
  }

  async #startRuntime(renew: Renew): Promise<OrtRuntime> {
    if (this.#runtime !== undefined) return this.#runtime;
    assertFits(this.#parts.shards, "ort");
    const runtime = await createOrtRuntime(this.#wasm, MEMORY);
    renew();
    this.#runtime = runtime;
    return runtime;
  }
}
