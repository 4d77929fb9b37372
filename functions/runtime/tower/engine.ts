/**
 * What runs a tower's shards. A tower knows nothing else about it, so that the same code serves every engine; which one
 * a Worker has is decided by its entry file, since an engine is most of a Worker's size.
 */
import type { Shard } from "../../../model-shards/manifest.ts";
import type { Renew } from "../lease.ts";
import type { Tensor } from "../tensor.ts";
import type { ShardSource } from "./shard-downloads.ts";

export interface TowerParts {
  /** In order; the output of one is the first input of the next. */
  shards: readonly Shard[];
  source: ShardSource;
  /** The largest input that is planned for, with batch 1. */
  inputShape: readonly number[];
}

export interface Engine {
  /** Size of the WASM memory; 0 before the first load. */
  readonly memoryBytes: number;
  /** True once the instance has trapped: it can only be replaced. */
  readonly aborted: boolean;
  /**
   * Loads the shards that are missing; what is loaded stays if it fails, and a later call resumes.
   * @param renew called at every sign of life; throws if another request has taken the load over
   * @throws ServiceError `model_unavailable`
   */
  load(renew: Renew): Promise<void>;
  /**
   * Runs all shards, which must be loaded. Synchronous: two inferences of one isolate never overlap.
   * @param input the first shard's activation; its buffer is freed
   * @param extra further inputs by name, such as `eot_index`
   * @throws OrtError, SimdError
   */
  run(input: Tensor, extra: Record<string, Tensor>): Tensor;
  /** Gives everything up; the engine cannot be used again. */
  release(): void;
}

export type CreateEngine = (parts: TowerParts) => Engine;
