/**
 * One model tower, or a stage of it, in this isolate: its shards as onnxruntime sessions in one WASM memory.
 *
 * Loading goes shard by shard and can be resumed: what is loaded stays, so that a request which takes over a
 * load, or retries one that failed, continues where it stopped. Running is synchronous from the first shard to
 * the last: two inferences of one isolate never overlap, and no queue is needed for that.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import { type ObjectReader, readVerified } from "../model-store/read-verified.ts";
import { LeasedLoad, type Renew } from "../lease.ts";
import { createOrtRuntime, type OrtRuntime, type OrtSession, type Tensor } from "../ort/ort-runtime.ts";
import { planMemory } from "./plan-memory.ts";

/** Where shards come from. */
export interface ShardSource {
  bucket: ObjectReader;
  /** `<alias>/<revision>`. */
  prefix: string;
}

export class Tower {
  readonly #wasm: WebAssembly.Module;
  readonly #shards: Shard[];
  readonly #source: ShardSource;
  readonly #load = new LeasedLoad<readonly OrtSession[]>();
  #runtime: OrtRuntime | undefined;
  #sessions: OrtSession[] = [];

  constructor(wasm: WebAssembly.Module, shards: Shard[], source: ShardSource) {
    this.#wasm = wasm;
    this.#shards = shards;
    this.#source = source;
  }

  /** Bytes of WASM memory held, 0 before the first load. */
  get memoryBytes(): number {
    return this.#runtime?.memoryBytes ?? 0;
  }

  /**
   * Makes the tower ready; free when it is.
   * @throws ServiceError `model_unavailable`
   */
  async ready(anchor: (work: Promise<unknown>) => void): Promise<void> {
    if (this.#runtime?.aborted === true) this.#reset();
    await this.#load.get((renew) => this.#loadShards(renew), anchor);
  }

  /**
   * Runs the shards one after the other; the tower must be ready.
   * @param input first shard's activation input
   * @param extra inputs of later shards by name, such as `eot_index`
   */
  run(input: Tensor, extra: Record<string, Tensor> = {}): Tensor {
    let activation = input;
    for (const [index, session] of (this.#load.current ?? []).entries()) {
      activation = this.#runShard(session, index, activation, extra);
    }
    return activation;
  }

  #runShard(session: OrtSession, index: number, activation: Tensor, extra: Record<string, Tensor>): Tensor {
    const shard = this.#shards[index];
    const inputs: Record<string, Tensor> = {};
    for (const [position, { name }] of (shard?.inputs ?? []).entries()) {
      const value = position === 0 ? activation : extra[name];
      if (value !== undefined) inputs[name] = value;
    }
    const output = session.run(inputs)[shard?.output.name ?? ""];
    if (output === undefined) throw new Error(`shard ${shard?.graph.file} gave no ${shard?.output.name}`);
    return output;
  }

  async #loadShards(renew: Renew): Promise<readonly OrtSession[]> {
    if (this.#runtime === undefined) {
      const runtime = await createOrtRuntime(this.#wasm, planMemory(this.#shards));
      renew();
      this.#runtime = runtime;
    }
    const runtime = this.#runtime;
    for (const shard of this.#shards.slice(this.#sessions.length)) {
      const [graph, weights] = await Promise.all([
        readVerified(this.#source.bucket, `${this.#source.prefix}/${shard.graph.file}`, shard.graph, renew),
        readVerified(
          this.#source.bucket,
          `${this.#source.prefix}/${shard.weights.file}`,
          shard.weights,
          renew,
        ),
      ]);
      renew();
      this.#sessions.push(runtime.createSession(graph, new Map([[shard.weights.file, weights]])));
    }
    return this.#sessions;
  }

  /** An aborted instance cannot be used again: start over with a new one. */
  #reset(): void {
    this.#runtime = undefined;
    this.#sessions = [];
    this.#load.drop();
  }
}
