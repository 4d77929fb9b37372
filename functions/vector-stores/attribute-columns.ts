/**
 * Attributes of a segment's rows, by column. A column says of each value which rows have it, so it is as large as what
 * the rows have, however many keys there are, and a comparison looks at each different value once.
 *
 * A group is the columns whose keys share a hash (`groupOf`), ordered by key, little-endian:
 *
 *     u16 bytes, key in UTF-8, u32 bytes of the column, then of each value:
 *     u8 type, the value, u16 count, count × u16 places of rows in the segment
 *
 * A value is a u16 length and UTF-8 (`string`), a float64 (`number`), or nothing (`no`, `yes`).
 */
import { concatBytes } from "../runtime/bytes/concat-bytes.ts";
import { GROUPS, groupOf } from "./segment-layout.ts";
import type { Attributes, AttributeValue } from "./stored-picture.ts";

const TYPE = { string: 0, number: 1, no: 2, yes: 3 } as const;

const encoder = new TextEncoder();
/** A value that begins with U+FEFF keeps it. */
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

interface Cell {
  key: string;
  value: AttributeValue;
  row: number;
}

/** Collects rows' attributes, then writes the groups. */
export class ColumnWriter {
  readonly #cells: Cell[][] = Array.from({ length: GROUPS }, () => []);

  /** @param row its place in the segment; each is greater than the one before */
  add(row: number, attributes: Attributes): void {
    for (const [key, value] of Object.entries(attributes))
      this.#cells[groupOf(key)]?.push({ key, value, row });
  }

  /** The bytes of each group; a group without columns has none. */
  *groups(): Generator<Uint8Array<ArrayBuffer>> {
    // The sort is stable, so rows of a value stay in order.
    for (const cells of this.#cells) {
      cells.sort((a, b) => compare(a.key, b.key) || compareValues(a.value, b.value));
      yield concatBytes([...runs(cells, (a, b) => a.key === b.key)].flatMap(column));
    }
  }
}

/** A column, as the pieces of its bytes. */
function column(cells: readonly Cell[]): Uint8Array[] {
  const key = encoder.encode(cells[0]?.key);
  const values = concatBytes([...runs(cells, (a, b) => a.value === b.value)].flatMap(valueWithRows));
  return [u16(key.length), key, u32(values.length), values];
}

function valueWithRows(cells: readonly Cell[]): Uint8Array[] {
  const rows = new Uint8Array(2 * cells.length);
  const view = new DataView(rows.buffer);
  for (const [i, { row }] of cells.entries()) view.setUint16(2 * i, row, true);
  return [...encodeValue(cells[0]?.value ?? false), u16(cells.length), rows];
}

function encodeValue(value: AttributeValue): Uint8Array[] {
  if (typeof value === "boolean") return [Uint8Array.of(value ? TYPE.yes : TYPE.no)];
  if (typeof value === "number") {
    const bytes = new Uint8Array(9);
    bytes[0] = TYPE.number;
    new DataView(bytes.buffer).setFloat64(1, value, true);
    return [bytes];
  }
  const text = encoder.encode(value);
  return [Uint8Array.of(TYPE.string), u16(text.length), text];
}

/** Neighbors that belong together. */
function* runs(cells: readonly Cell[], isSame: (a: Cell, b: Cell) => boolean): Generator<Cell[]> {
  for (let from = 0; from < cells.length;) {
    let to = from + 1;
    while (to < cells.length && isSame(cells[from] as Cell, cells[to] as Cell)) to++;
    yield cells.slice(from, to);
    from = to;
  }
}

/** Any order in which equal values of a type are neighbors. */
function compareValues(a: AttributeValue, b: AttributeValue): number {
  return typeof a === typeof b ? compare(a, b) : compare(typeof a, typeof b);
}

function compare(a: AttributeValue, b: AttributeValue): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** A group's bytes, which have been verified. */
export class GroupReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Calls `visit` with each different value of some keys, in one pass: a group may have as many columns as rows.
   * @param visit `rows` gives the places of the rows that have the value
   */
  eachValue(
    keys: ReadonlySet<string>,
    visit: (key: string, value: AttributeValue, rows: readonly number[]) => void,
  ): void {
    for (let at = 0; at < this.#bytes.length;) {
      const from = at + 2 + this.#view.getUint16(at, true) + 4;
      const to = from + this.#view.getUint32(from - 4, true);
      const key = decoder.decode(this.#bytes.subarray(at + 2, from - 4));
      if (keys.has(key)) this.#eachValueIn(from, to, (value, rows) => visit(key, value, rows));
      at = to;
    }
  }

  #eachValueIn(from: number, to: number, visit: (value: AttributeValue, rows: number[]) => void): void {
    for (let at = from; at < to;) {
      const { value, end } = this.#value(at);
      const count = this.#view.getUint16(end, true);
      visit(value, this.#rows(end + 2, count));
      at = end + 2 + 2 * count;
    }
  }

  #value(at: number): { value: AttributeValue; end: number } {
    switch (this.#bytes[at]) {
      case TYPE.string: {
        const end = at + 3 + this.#view.getUint16(at + 1, true);
        return { value: decoder.decode(this.#bytes.subarray(at + 3, end)), end };
      }
      case TYPE.number:
        return { value: this.#view.getFloat64(at + 1, true), end: at + 9 };
      default:
        return { value: this.#bytes[at] === TYPE.yes, end: at + 1 };
    }
  }

  #rows(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.#view.getUint16(at + 2 * i, true));
  }
}
