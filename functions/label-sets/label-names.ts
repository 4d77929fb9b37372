/**
 * Names of a set's labels. A stored one is read only when it is needed: an answer has a few of 10,000 names, which
 * together may be as long as a request's body.
 */

/** Names of labels, by index. */
export interface LabelNames {
  readonly length: number;
  at(index: number): string | undefined;
  /** Length of a stored name, which is not read for that; 0 for one that is in memory anyway. */
  bytesAt(index: number): number;
}

/**
 * Most bytes that a name takes in memory, as a multiple of its stored length: one wide character widens all others, and
 * the names of an answer that was sent stay until the garbage collector comes.
 */
export const READ_NAME = 4;

/** Names that came with the request. */
export class GivenNames implements LabelNames {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  get length(): number {
    return this.#names.length;
  }

  at(index: number): string | undefined {
    return this.#names[index];
  }

  bytesAt(): number {
    return 0;
  }
}

const BACKSLASH = 0x5c;
/** A name may begin with U+FEFF. */
const WITH_BOM = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Names as JSON strings in UTF-8, one after the other. */
export class PackedNames implements LabelNames {
  readonly #ends: Uint32Array;
  readonly #names: Uint8Array;

  constructor(ends: Uint32Array, names: Uint8Array) {
    this.#ends = ends;
    this.#names = names;
  }

  get length(): number {
    return this.#ends.length;
  }

  at(index: number): string | undefined {
    const end = this.#ends[index];
    if (end === undefined) return undefined;
    const json = this.#names.subarray(end - this.bytesAt(index), end);
    if (json.includes(BACKSLASH)) return JSON.parse(new TextDecoder().decode(json)) as string;
    // Without the quotes it is the name itself. Parsing would make a second string.
    return WITH_BOM.decode(json.subarray(1, -1));
  }

  bytesAt(index: number): number {
    return (this.#ends[index] ?? 0) - (this.#ends[index - 1] ?? 0);
  }
}

/** Reads each name only once, even if many pictures have it in their answers. */
export class NamesOnce implements LabelNames {
  readonly #names: LabelNames;
  readonly #read = new Map<number, string>();
  readonly #onRead: (bytes: number) => void;

  /** @param onRead gets the stored length of each name before it is read, and may throw */
  constructor(names: LabelNames, onRead: (bytes: number) => void) {
    this.#names = names;
    this.#onRead = onRead;
  }

  get length(): number {
    return this.#names.length;
  }

  at(index: number): string | undefined {
    const known = this.#read.get(index);
    if (known !== undefined) return known;
    this.#onRead(this.#names.bytesAt(index));
    const name = this.#names.at(index);
    if (name !== undefined) this.#read.set(index, name);
    return name;
  }

  bytesAt(index: number): number {
    return this.#names.bytesAt(index);
  }
}

/** Most bytes that so many different names can have together, as they are stored. */
export function mostNameBytes(names: LabelNames, count: number): number {
  const lengths = Uint32Array.from({ length: names.length }, (_, index) => names.bytesAt(index)).toSorted();
  return lengths.subarray(Math.max(0, lengths.length - count)).reduce((sum, bytes) => sum + bytes, 0);
}
