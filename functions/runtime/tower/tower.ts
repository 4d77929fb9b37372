/**
 * One model tower, or a stage of it, in this isolate.
 *
 * Loading can be resumed: loaded shards stay, so a request that takes over a load, or retries a failed one, continues
 * where it stopped. Running is synchronous from the first shard to the last: two inferences of one isolate never
 * overlap.
 */
import { withHeartbeat } from "../sharing/heartbeat.ts";
import { thisIsolate } from "../isolate.ts";
import { type WaitUntil, LeasedLoad } from "../sharing/lease.ts";
import type { Loaded } from "../model-store/source-report.ts";
import type { Priority, WorkerStats } from "../rpc.ts";
import { SignOfLife } from "../sharing/sign-of-life.ts";
import type { Tensor } from "../tensor.ts";
import { ComputeQueue } from "../sharing/compute-queue.ts";
import type { CreateEngine, Engine, TowerParts } from "./engine.ts";

/** A request as the tower sees it. */
export interface Visitor {
  /** Asks whether the client still waits for the answer; the call is also a sign of life. @throws ClientGoneError */
  check: () => Promise<void>;
  waitUntil: WaitUntil;
  priority?: Priority;
}

/** An input that runs while the tower loads. It may belong to another request than the load. */
interface Early {
  input: Tensor;
  /** Sign of life of the request that it belongs to. */
  life: SignOfLife;
  outcome?: { output: Tensor } | { error: unknown };
}

/** Several heartbeats. */
const EARLY_EXPIRY_MS = 10_000;

export class Tower {
  readonly #createEngine: CreateEngine;
  readonly #parts: TowerParts;
  readonly #load = new LeasedLoad<Engine>();
  readonly #queue = new ComputeQueue();
  #engine: Engine;
  #early: Early | undefined;
  #runs = 0;

  constructor(createEngine: CreateEngine, parts: TowerParts) {
    this.#createEngine = createEngine;
    this.#parts = parts;
    this.#engine = createEngine(parts);
  }

  get stats(): WorkerStats {
    const { memoryBytes, dot } = this.#engine;
    const loaded = this.isReady ? this.loaded : undefined;
    return {
      wasmBytes: memoryBytes,
      runs: this.#runs,
      isolate: thisIsolate(),
      ...(dot && { dot }),
      ...(loaded && { loaded }),
    };
  }

  /**
   * Loads the tower; returns at once if it is loaded.
   * @throws ServiceError `model_unavailable`
   */
  async ready(waitUntil: WaitUntil): Promise<void> {
    if (this.#engine.aborted) this.#replaceEngine();
    await this.#load.get(async (renew) => {
      const engine = this.#engine;
      const { report } = this.#parts.source;
      report?.begin();
      await engine.load(renew, {
        input: () => this.#waitingEarly()?.input,
        done: (outcome) => {
          if (this.#early !== undefined) this.#early.outcome = outcome;
        },
      });
      report?.ready();
      return engine;
    }, waitUntil);
  }

  /** True if the tower is loaded. */
  get isReady(): boolean {
    return this.#load.isDone && !this.#engine.aborted;
  }

  /** Times of the last load; undefined if the source keeps no report. */
  get loaded(): Loaded | undefined {
    return this.#parts.source.report?.loaded;
  }

  /**
   * Runs an input as soon as possible. If the tower is being loaded, one input runs through the first shards while
   * later ones still arrive; further inputs wait for the whole tower.
   * @param ready the promise that `ready` returned to the same request
   * @throws as `turn`
   */
  async runSoon(visitor: Visitor, input: () => Tensor, ready: Promise<void>): Promise<Tensor> {
    if (this.#load.isDone || this.#waitingEarly() !== undefined) {
      await ready;
      return await this.turn(visitor, () => this.run(input()));
    }
    const early: Early = { input: input(), life: new SignOfLife() };
    this.#early = early;
    const renew = async (): Promise<void> => {
      await visitor.check();
      early.life.renew();
    };
    try {
      await withHeartbeat(renew, () => ready);
    } finally {
      if (this.#early === early) this.#early = undefined;
    }
    const { outcome } = early;
    if (outcome === undefined) return await this.turn(visitor, () => this.run(early.input));
    this.#runs++;
    if ("error" in outcome) throw outcome.error;
    return outcome.output;
  }

  #waitingEarly(): Early | undefined {
    const early = this.#early;
    return early?.life.isOlderThan(EARLY_EXPIRY_MS) === false ? early : undefined;
  }

  /**
   * Does a piece of work that runs the tower when the visitor's turn comes. If another request's piece has broken the
   * instance by then, the tower is loaded again first.
   * @param piece synchronous, and as short as `compute-queue.ts` says
   * @throws ServiceError `model_unavailable`; ClientGoneError; whatever `piece` throws
   */
  async turn<T>({ check, waitUntil, priority }: Visitor, piece: () => T): Promise<T> {
    await check();
    return await withHeartbeat(check, async (signal) => {
      for (;;) {
        await this.ready(waitUntil);
        // Another request may have replaced the engine meanwhile, and the new one not be loaded yet.
        const computed = (): { value: T } | undefined => (this.isReady ? { value: piece() } : undefined);
        const done = await this.#queue.run(computed, signal, priority);
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

  /** Positions of texts that should run together, see `Engine`. */
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

  /** Replaces an aborted instance by a new one, because it cannot be used again. */
  #replaceEngine(): void {
    this.#engine.release();
    this.#engine = this.#createEngine(this.#parts);
    this.#load.drop();
  }
}
