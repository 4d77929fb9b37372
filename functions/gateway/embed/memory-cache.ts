/**
 * Values in the isolate's memory, bounded by bytes; what was used longest ago goes first. Holds values only, never
 * promises of another request.
 */

/** A map entry and its key, besides the value, roughly. */
const ENTRY_OVERHEAD_BYTES = 200;

export class MemoryCache<T> {
  readonly #maxBytes: number;
  readonly #sizeOfValue: (value: T) => number;
  readonly #entries = new Map<string, T>();
  #bytes = 0;

  /** @param sizeOfValue bytes */
  constructor(maxBytes: number, sizeOfValue: (value: T) => number) {
    this.#maxBytes = maxBytes;
    this.#sizeOfValue = sizeOfValue;
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: T): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#bytes += this.#sizeOf(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= this.#sizeOf(key, value);
  }

  #sizeOf(key: string, value: T): number {
    return ENTRY_OVERHEAD_BYTES + 2 * key.length + this.#sizeOfValue(value);
  }
}
