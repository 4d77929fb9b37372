/**
 * How long the parts of a request took, for `server-timing`. Deployed clocks stand still while code computes and
 * only move across I/O, so a part is always timed around an awaited call, here in the caller.
 */
import type { Loaded } from "../runtime/model-store/source-report.ts";

export type Part = "fetch" | "decode" | "image" | "text" | "cache";

export class Timings {
  readonly #start = performance.now();
  /** Milliseconds. */
  readonly #parts = new Map<Part, number>();
  /** Towers that were loaded for the request. */
  readonly #loaded = new Map<"image" | "text", Loaded>();

  /** Times an awaited call; calls of the same part add up. */
  async measure<T>(part: Part, call: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await call();
    } finally {
      this.#parts.set(part, (this.#parts.get(part) ?? 0) + performance.now() - start);
    }
  }

  /** Says what loading a tower took that the request had to wait for. */
  towerLoaded(tower: "image" | "text", loaded: Loaded): void {
    this.#loaded.set(tower, loaded);
  }

  /** Milliseconds since the request came in. */
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
