/**
 * A cache in the isolate's memory with a bound; the least recently used entry is removed first. It holds values only,
 * never promises, which belong to one request.
 */
export class LruCache<Key, Value> {
  readonly #room: number;
  readonly #sizeOf: (value: Value, key: Key) => number;
  readonly #onGone: (value: Value) => void;
  readonly #entries = new Map<Key, Value>();
  #held = 0;

  /**
   * @param sizeOf an entry's size in the unit of `room`; must always give the same size for the same entry
   * @param onGone called with a value that is not kept any more
   */
  constructor(
    room: number,
    sizeOf: (value: Value, key: Key) => number,
    onGone: (value: Value) => void = () => {},
  ) {
    this.#room = room;
    this.#sizeOf = sizeOf;
    this.#onGone = onGone;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  /** Keeps nothing that is larger than the whole room: all others would go for it. */
  set(key: Key, value: Value): void {
    this.delete(key);
    const size = this.#sizeOf(value, key);
    if (size > this.#room) return;
    this.#entries.set(key, value);
    this.#held += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#held <= this.#room) break;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#held -= this.#sizeOf(value, key);
    this.#onGone(value);
  }
}

/** Rough cost of a map entry and its key object, beside the characters and the value. */
const ENTRY_OVERHEAD_BYTES = 200;

/** An LRU cache bounded in bytes, keys and entries included. */
export class MemoryCache<T> extends LruCache<string, T> {
  /** @param sizeOfValue bytes */
  constructor(maxBytes: number, sizeOfValue: (value: T) => number) {
    super(maxBytes, (value, key) => ENTRY_OVERHEAD_BYTES + 2 * key.length + sizeOfValue(value));
  }
}
