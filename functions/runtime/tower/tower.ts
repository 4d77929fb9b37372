/**
 * One model tower, or a stage of it, in this isolate.
 *
 * Loading can be resumed: what is loaded stays, so that a request which takes over a load, or retries one that failed,
 * continues where it stopped. Running is synchronous from the first shard to the last: two inferences of one isolate
 * never overlap.
 */
import { withHeartbeat } from "../heartbeat.ts";
import { type Anchor, LeasedLoad } from "../lease.ts";
import type { WorkerStats } from "../rpc.ts";
import type { Tensor } from "../tensor.ts";
import { Turns } from "../turns.ts";
import type { CreateEngine, Engine, TowerParts } from "./engine.ts";

/** What a request brings to a tower. */
export interface Visitor {
  /** Asks whether anybody waits for the answer, which is a sign of life. @throws ClientGoneError */
  check: () => Promise<void>;
  anchor: Anchor;
}

export class Tower {
  readonly #createEngine: CreateEngine;
  readonly #parts: TowerParts;
  readonly #load = new LeasedLoad<Engine>();
  readonly #turns = new Turns();
  #engine: Engine;
  #runs = 0;

  constructor(createEngine: CreateEngine, parts: TowerParts) {
    this.#createEngine = createEngine;
    this.#parts = parts;
    this.#engine = createEngine(parts);
  }

  get stats(): WorkerStats {
    const { memoryBytes, dot } = this.#engine;
    return { wasmBytes: memoryBytes, runs: this.#runs, ...(dot && { dot }) };
  }

  /**
   * Makes the tower ready; free when it is.
   * @throws ServiceError `model_unavailable`
   */
  async ready(anchor: Anchor): Promise<void> {
    if (this.#engine.aborted) this.#replaceEngine();
    await this.#load.get(async (renew) => {
      const engine = this.#engine;
      await engine.load(renew);
      return engine;
    }, anchor);
  }

  /**
   * Does a piece of work that runs the tower, when the visitor's turn comes. Should another one's piece have broken the
   * instance by then, it is loaded anew first.
   * @param piece synchronous, and as short as `turns.ts` says
   * @throws ServiceError `model_unavailable`; ClientGoneError; whatever `piece` throws
   */
  async turn<T>({ check, anchor }: Visitor, piece: () => T): Promise<T> {
    await check();
    return await withHeartbeat(check, async (signal) => {
      for (;;) {
        await this.ready(anchor);
        const done = await this.#turns.take(
          () => (this.#engine.aborted ? undefined : { value: piece() }),
          signal,
        );
        if (done !== undefined) return done.value;
      }
    });
  }

  /**
   * Runs the shards one after the other; the tower must be ready.
   * @param input first shard's activation input; its buffer is freed
   * @param extra inputs of later shards by name, such as `eot_index`
   * @throws OrtError, SimdError
   */
  run(input: Tensor, extra: Record<string, Tensor> = {}): Tensor {
    this.#runs++;
    return this.#engine.run(input, extra);
  }

  /** Positions of texts that run well together, see `Engine`. */
  get textPositions(): number {
    return this.#engine.textPositions;
  }

  /**
   * Runs the shards of a text tower for several texts, see `Engine`; the tower must be ready.
   * @throws OrtError, SimdError
   */
  runTexts(input: Tensor, lengths: readonly number[]): Tensor {
    this.#runs += lengths.length;
    return this.#engine.runTexts(input, lengths);
  }

  /** An aborted instance cannot be used again: start over with a new one. */
  #replaceEngine(): void {
    this.#engine.release();
    this.#engine = this.#createEngine(this.#parts);
    this.#load.drop();
  }
}
