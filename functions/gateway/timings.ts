/**
 * Measures the parts of a request for `server-timing`. A deployed Worker's clock stands still while code computes and
 * advances only across I/O. So a part is always measured here in the caller, around an awaited call.
 */
import type { Loaded } from "../runtime/model-store/source-report.ts";

export type Part = "fetch" | "decode" | "image" | "text" | "cache" | "search";

export class Timings {
  readonly #start = performance.now();
  /** Milliseconds. */
  readonly #parts = new Map<Part, number>();
  /** Towers that were loaded for the request. */
  readonly #loaded = new Map<"image" | "text", Loaded>();

  /** Times an awaited call. Times of the same part add up. */
  async measure<T>(part: Part, call: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await call();
    } finally {
      this.#parts.set(part, (this.#parts.get(part) ?? 0) + performance.now() - start);
    }
  }

  /** Records how a tower was loaded that the request had to wait for. */
  towerLoaded(tower: "image" | "text", loaded: Loaded): void {
    this.#loaded.set(tower, loaded);
  }

  /** Milliseconds since the request arrived. */
  get total(): number {
    return performance.now() - this.#start;
  }

  /** Whole milliseconds, by part. */
  toObject(): Record<string, number> {
    return Object.fromEntries(this.#all().map(([name, duration]) => [name, Math.round(duration)]));
  }

  /** The header's value, as in the Server Timing specification. */
  toString(): string {
    return this.#all()
      .map(
        ([name, duration, from]) =>
          `${name};dur=${duration.toFixed(1)}${from === undefined ? "" : `;desc=${from}`}`,
      )
      .join(", ");
  }

  #all(): [name: string, milliseconds: number, from?: string][] {
    const loads = [...this.#loaded].flatMap(([tower, { from, ...ms }]): [string, number, string?][] => [
      [`${tower}-manifest`, ms.manifestMs],
      [`${tower}-shards`, ms.shardsMs, from],
      [`${tower}-load`, ms.manifestMs + ms.readyMs, from],
    ]);
    return [...this.#parts, ...loads, ["total", this.total]];
  }
}
