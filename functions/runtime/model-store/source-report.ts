/** Where a model's bytes came from and how long they took. */
import type { Origin } from "./shards-cache.ts";

/** `cache`: all were kept in the data center; `r2`: some came from R2; `repaired`: the cache failed or gave others. */
export type LoadedFrom = "cache" | "r2" | "repaired";

/**
 * What a load has come to. Milliseconds, between moments at which something arrives: deployed clocks stand still while code
 * computes, so that what is computed counts to what arrives next.
 */
export interface Loaded {
  from: LoadedFrom;
  /** The manifest, which is read before anything else. */
  manifestMs: number;
  /** From then on until the last byte of the shards was in its place. */
  shardsMs: number;
  /** The same until the tower was ready. */
  readyMs: number;
  /** Files that the cache should have given and R2 gave. */
  repaired: string[];
}

export class SourceReport {
  /** Bytes that arrived. */
  readonly bytes: Record<Origin, number> = { cache: 0, r2: 0 };
  /** Files that the cache should have given and R2 gave. */
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

  /** Shards are asked for. */
  begin(): void {
    this.#begun = Date.now();
  }

  /** The last byte of the shards is there. */
  arrived(): void {
    this.#shardsMs = Date.now() - this.#begun;
  }

  /** The tower can run. */
  ready(): void {
    this.#readyMs = Date.now() - this.#begun;
  }
}
