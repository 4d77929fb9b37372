/**
 * One model tower, or a stage of it, in this isolate: its shards as onnxruntime sessions in one WASM memory.
 *
 * Loading goes shard by shard and can be resumed: what is loaded stays, so that a request which takes over a load, or
 * retries one that failed, continues where it stopped. Running is synchronous from the first shard to the last: two
 * inferences of one isolate never overlap.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import { freeBuffer } from "../free-buffer.ts";
import { type Anchor, LeasedLoad, type Renew } from "../lease.ts";
import { createOrtRuntime, type OrtRuntime, type OrtSession, type Tensor } from "../ort/ort-runtime.ts";
import type { WorkerStats } from "../rpc.ts";
import { memoryLimits } from "./memory-limits.ts";
import { downloadShards, type ShardSource } from "./shard-downloads.ts";

/**
 * No arena and no memory pattern: both keep activation memory of past shapes, and neither was measurably faster.
 */
const SESSION_OPTIONS = { arena: false, memoryPattern: false };

interface Loaded {
  shard: Shard;
  session: OrtSession;
}

export class Tower {
  readonly #wasm: WebAssembly.Module;
  readonly #shards: readonly Shard[];
  readonly #source: ShardSource;
  readonly #load = new LeasedLoad<readonly Loaded[]>();
  #runtime: OrtRuntime | undefined;
  #loaded: Loaded[] = [];
  #runs = 0;

  constructor(wasm: WebAssembly.Module, shards: readonly Shard[], source: ShardSource) {
    this.#wasm = wasm;
    this.#shards = shards;
    this.#source = source;
  }

  get stats(): WorkerStats {
    return { wasmBytes: this.#runtime?.memoryBytes ?? 0, runs: this.#runs };
  }

  /**
   * Makes the tower ready; free when it is.
   * @throws ServiceError `model_unavailable`
   */
  async ready(anchor: Anchor): Promise<void> {
    if (this.#runtime?.aborted === true) this.#reset();
    await this.#load.get((renew) => this.#loadShards(renew), anchor);
  }

  /**
   * Runs the shards one after the other; the tower must be ready.
   * @param input first shard's activation input; its buffer is freed
   * @param extra inputs of later shards by name, such as `eot_index`
   * @throws OrtError
   */
  run(input: Tensor, extra: Record<string, Tensor> = {}): Tensor {
    this.#runs++;
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

  async #loadShards(renew: Renew): Promise<readonly Loaded[]> {
    const missing = this.#shards.slice(this.#loaded.length);
    const downloads = downloadShards(missing, this.#source, renew);
    // The first downloads and the instantiation of onnxruntime go side by side.
    const [first, runtime] = await Promise.all([downloads.next(), this.#startRuntime(renew)]);
    for (let download = first; download.done !== true; download = await downloads.next()) {
      renew();
      const shard = this.#shards[this.#loaded.length];
      if (shard === undefined) break;
      const { graph, weights } = download.value;
      const session = runtime.createSession(graph, new Map([[shard.weights.file, weights]]), SESSION_OPTIONS);
      freeBuffer(weights);
      this.#loaded.push({ shard, session });
    }
    return this.#loaded;
  }

  async #startRuntime(renew: Renew): Promise<OrtRuntime> {
    if (this.#runtime !== undefined) return this.#runtime;
    const runtime = await createOrtRuntime(this.#wasm, memoryLimits(this.#shards));
    renew();
    this.#runtime = runtime;
    return runtime;
  }

  /** An aborted instance cannot be used again: start over with a new one. */
  #reset(): void {
    this.#runtime = undefined;
    this.#loaded = [];
    this.#load.drop();
  }
}
