/**
 * Text embeddings in the isolate's memory, before KV: a label set in use costs no operation at all. Bounded by
 * bytes; what was used longest ago goes first. Holds values only, never promises of another request.
 */
const MAX_BYTES = 16_000_000;
/** A map entry and its key, besides the embedding, roughly. */
const ENTRY_OVERHEAD_BYTES = 200;

export class MemoryCache {
  readonly #entries = new Map<string, Float32Array>();
  #bytes = 0;

  get(key: string): Float32Array | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: Float32Array): void {
    if (this.#entries.delete(key)) this.#bytes -= sizeOf(key, value);
    this.#entries.set(key, value);
    this.#bytes += sizeOf(key, value);
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#entries.delete(oldest);
      this.#bytes -= sizeOf(oldest, entry);
    }
  }
}

function sizeOf(key: string, value: Float32Array): number {
  return ENTRY_OVERHEAD_BYTES + 2 * key.length + value.byteLength;
}
