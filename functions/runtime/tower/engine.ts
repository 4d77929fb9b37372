/**
 * The interface of engines, which run a tower's shards. The tower uses nothing else, so its code is the same for every
 * engine. A Worker's entry file imports its engine, because an engine is most of a Worker's size.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import type { Renew } from "../sharing/lease.ts";
import type { ModelSource } from "../model-store/model-source.ts";
import type { Tensor } from "../tensor.ts";

export interface TowerParts {
  /** In order: the output of each is the first input of the next. */
  shards: readonly Shard[];
  source: ModelSource;
  /** The largest input that is planned for, with batch 1. */
  inputShape: readonly number[];
}

/**
 * Kind of the host's relaxed dot product: it takes 8-bit activations, only 7-bit ones, or does not exist. The speed of
 * the project's own kernels depends on it.
 */
export type Dot = "bytes" | "7-bit" | "none";

/** The text tower's input that holds the position of a text's end, `1 × 1`. */
export const END_INPUT = "eot_index";

/** An input that runs through the first shards while later ones are downloaded. */
export interface EarlyRun {
  /** The input, if a request waits for one by now. Called before each shard. */
  input(): Tensor | undefined;
  /** Called with the output of the input, or with the error. */
  done(outcome: { output: Tensor } | { error: unknown }): void;
}

export interface Engine {
  /** Size of the WASM memory, bytes; 0 before the first load. */
  readonly memoryBytes: number;
  /** Known once the engine is loaded; undefined if the engine does not use it. */
  readonly dot: Dot | undefined;
  /**
   * Positions of texts that should run together: enough to keep the kernels busy, few enough to take about 50 ms. If it
   * is 1, texts run one by one.
   */
  readonly textPositions: number;
  /** True once the instance has trapped; it must then be replaced. */
  readonly aborted: boolean;
  /**
   * Loads the missing shards. If it fails, the loaded shards stay, and a later call resumes.
   * @param renew called at every sign of life; throws if another request has taken over the load
   * @param early an input that the engine may run meanwhile; engines may ignore it
   * @throws ServiceError `model_unavailable`
   */
  load(renew: Renew, early?: EarlyRun): Promise<void>;
  /**
   * Runs all shards, which must be loaded. Synchronous: two inferences of one isolate never overlap.
   * @param input the first shard's activation; its buffer is freed
   * @param extra further inputs by name, such as `eot_index`
   * @throws OrtError, SimdError
   */
  run(input: Tensor, extra: Record<string, Tensor>): Tensor;
  /**
   * Runs all shards of a text tower for several texts. A text's vector does not depend on the other texts, bit by bit.
   * @param input the texts' positions one after the other, `1 × sum of lengths × width`; its buffer is freed
   * @param lengths positions of each text; the last position is the text's end
   * @returns `texts × embedding width`
   * @throws OrtError, SimdError
   */
  runTexts(input: Tensor, lengths: readonly number[]): Tensor;
  /** Frees everything; the engine cannot be used again. */
  release(): void;
}

export type CreateEngine = (parts: TowerParts) => Engine;
