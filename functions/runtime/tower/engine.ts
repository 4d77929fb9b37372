/**
 * What runs a tower's shards. A tower knows nothing else about it, so that the same code serves every engine; which one
 * a Worker has is decided by its entry file, since an engine is most of a Worker's size.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import type { Renew } from "../lease.ts";
import type { ModelSource } from "../model-store/model-source.ts";
import type { Tensor } from "../tensor.ts";

export interface TowerParts {
  /** In order; the output of one is the first input of the next. */
  shards: readonly Shard[];
  source: ModelSource;
  /** The largest input that is planned for, with batch 1. */
  inputShape: readonly number[];
}

/**
 * What the host's relaxed dot product is good for: 8-bit activations, 7-bit ones, or there is none. The speed of the
 * project's own kernels depends on it.
 */
export type Dot = "bytes" | "7-bit" | "none";

/** The text tower's input for the position that a text ends at, `1 × 1`. */
export const END_INPUT = "eot_index";

/** An input that goes through the first shards while later ones arrive. */
export interface EarlyRun {
  /** The input, if there is one by now that somebody waits for; asked before each shard. */
  input(): Tensor | undefined;
  /** Told of what came of the input, or of what went wrong with it. */
  done(outcome: { output: Tensor } | { error: unknown }): void;
}

export interface Engine {
  /** Size of the WASM memory; 0 before the first load. */
  readonly memoryBytes: number;
  /** Known once the engine is loaded, if it makes use of it. */
  readonly dot: Dot | undefined;
  /**
   * Positions of texts that run well together: enough to keep the kernels busy, few enough to be done in some 50 ms.
   * Texts are run one by one where it is 1.
   */
  readonly textPositions: number;
  /** True once the instance has trapped: it can only be replaced. */
  readonly aborted: boolean;
  /**
   * Loads the shards that are missing; what is loaded stays if it fails, and a later call resumes.
   * @param renew called at every sign of life; throws if another request has taken the load over
   * @param early what may be run meanwhile; an engine need not
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
   * Runs all shards of a text tower for several texts. A text's vector is the same to the bit, whatever stands beside it.
   * @param input the texts' positions one after the other, `1 × sum of lengths × width`; its buffer is freed
   * @param lengths positions of each text, the last of which is its end
   * @returns `texts × embedding width`
   * @throws OrtError, SimdError
   */
  runTexts(input: Tensor, lengths: readonly number[]): Tensor;
  /** Gives everything up; the engine cannot be used again. */
  release(): void;
}

export type CreateEngine = (parts: TowerParts) => Engine;
