/** Records where a model's bytes came from and how long loading took. */
import type { Origin } from "./shards-cache.ts";

/**
 * `cache`: all bytes came from the data center's cache; `r2`: some came from R2; `repaired`: the cache failed or
 * returned damaged bytes.
 */
export type LoadedFrom = "cache" | "r2" | "repaired";

/**
 * The figures of a load. Times are milliseconds between arrivals of data: deployed clocks stand still while code
 * computes, so computing time is counted with the next arrival.
 */
export interface Loaded {
  from: LoadedFrom;
  /** Time to read the manifest, which is read first. */
  manifestMs: number;
  /** Time from then until the last byte of the shards was in its place. */
  shardsMs: number;
  /** Time from the manifest until the tower was ready. */
  readyMs: number;
  /** Files that should have come from the cache but came from R2. */
  repaired: string[];
}

export class SourceReport {
  /** Bytes that arrived. */
  readonly bytes: Record<Origin, number> = { cache: 0, r2: 0 };
  /** Files that should have come from the cache but came from R2. */
  readonly repaired = new Set<string>();
  manifestMs = 0;
  #begun = Date.now();
  #shardsMs = 0;
  #readyMs = 0;

  get from(): LoadedFrom {
    if (this.repaired.size > 0) return "repaired";
    return this.bytes.r2 > 0 ? "r2" : "cache";
  }

  get loaded(): Loaded {
    const { from, manifestMs, repaired } = this;
    return { from, manifestMs, shardsMs: this.#shardsMs, readyMs: this.#readyMs, repaired: [...repaired] };
  }

  /** Called when shards are requested. */
  begin(): void {
    this.#begun = Date.now();
  }

  /** Called when the last byte of the shards has arrived. */
  arrived(): void {
    this.#shardsMs = Date.now() - this.#begun;
  }

  /** Called when the tower can run. */
  ready(): void {
    this.#readyMs = Date.now() - this.#begun;
  }
}
