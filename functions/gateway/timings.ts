/**
 * How long the parts of a request took, for `server-timing`. Deployed clocks stand still while code computes and
 * only move across I/O, so a part is always timed around an awaited call, here in the caller.
 */
export type Part = "fetch" | "decode" | "image" | "text" | "cache";

export class Timings {
  readonly #start = performance.now();
  /** Milliseconds. */
  readonly #parts = new Map<Part, number>();

  /** Times an awaited call; calls of the same part add up. */
  async measure<T>(part: Part, call: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await call();
    } finally {
      this.#parts.set(part, (this.#parts.get(part) ?? 0) + performance.now() - start);
    }
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
      .map(([name, duration]) => `${name};dur=${duration.toFixed(1)}`)
      .join(", ");
  }

  #all(): [name: string, milliseconds: number][] {
    return [...this.#parts, ["total", this.total]];
  }
}
