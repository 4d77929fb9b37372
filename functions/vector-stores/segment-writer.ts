/** Writes a segment, laid out as `segment-layout.ts` says. */
import { concatBytes } from "../runtime/bytes/concat-bytes.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { ColumnWriter } from "./attribute-columns.ts";
import {
  GROUP_ENTRY_BYTES,
  HEADER,
  HEADER_BYTES,
  MAX_WIDTH,
  PAGE_BYTES,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  maxSegmentRows,
  pageLayout,
  rowBytes,
  rowsPerPage,
  scanBytes,
} from "./segment-layout.ts";
import type { OpenRow } from "./store-state-rpc.ts";

export interface WrittenSegment {
  /** The whole object. */
  bytes: Uint8Array<ArrayBuffer>;
  /** As `SegmentRef.sha256`. */
  sha256: string;
}

/** Add as many rows as were announced, then `finish`. Holds the object's bytes and the rows' attributes. */
export class SegmentWriter {
  readonly #rows: number;
  readonly #width: number;
  /** Header and pages. */
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #columns = new ColumnWriter();
  #added = 0;
  #number = 0;

  /**
   * @param rows at least 1, at most `maxSegmentRows(width)`
   * @param width values a vector
   * @throws RangeError
   */
  constructor(rows: number, width: number) {
    if (!(width >= 1 && width <= MAX_WIDTH)) throw new RangeError(`a segment of ${width} values a vector`);
    if (!(rows >= 1 && rows <= maxSegmentRows(width))) throw new RangeError(`a segment of ${rows} rows`);
    this.#rows = rows;
    this.#width = width;
    this.#bytes = new Uint8Array(HEADER_BYTES + scanBytes(rows, width));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /**
   * @param row its number is greater than that of the one before
   * @throws RangeError
   */
  add({ number, row, attributes }: OpenRow): void {
    if (this.#added === this.#rows) throw new RangeError(`more than ${this.#rows} rows`);
    if (number <= this.#number) throw new RangeError(`row ${number} after row ${this.#number}`);
    if (row.ints.length !== this.#width) throw new RangeError(`row ${number} has ${row.ints.length} values`);
    const most = rowsPerPage(this.#width);
    const place = this.#added % most;
    const page = this.#added - place;
    const { scales, numbers } = pageLayout(Math.min(most, this.#rows - page), this.#width);
    const at = HEADER_BYTES + (page / most) * PAGE_BYTES;
    this.#bytes.set(asBytes(row.ints), at + place * rowBytes(this.#width));
    this.#view.setFloat32(at + scales + 4 * place, row.scale, true);
    this.#view.setUint32(at + numbers + 4 * place, number, true);
    this.#columns.add(this.#added, attributes);
    this.#number = number;
    this.#added++;
  }

  /** @throws RangeError if rows are missing */
  async finish(): Promise<WrittenSegment> {
    if (this.#added !== this.#rows) throw new RangeError(`${this.#added} of ${this.#rows} rows`);
    const header = this.#bytes.subarray(0, HEADER_BYTES);
    header.set(new TextEncoder().encode(SEGMENT_MAGIC));
    this.#view.setUint32(HEADER.version, SEGMENT_VERSION, true);
    this.#view.setUint32(HEADER.rows, this.#rows, true);
    this.#view.setUint32(HEADER.width, this.#width, true);
    header.set(await sha256(this.#bytes.subarray(HEADER_BYTES)), HEADER.pagesSha256);
    const pieces = [this.#bytes];
    let offset = this.#bytes.length;
    let entry: number = HEADER.groups;
    for (const group of this.#columns.groups()) {
      this.#view.setUint32(entry, offset, true);
      this.#view.setUint32(entry + 4, group.length, true);
      header.set(await sha256(group), entry + 8);
      pieces.push(group);
      offset += group.length;
      entry += GROUP_ENTRY_BYTES;
    }
    return { bytes: concatBytes(pieces), sha256: await sha256Hex(header) };
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function asBytes(ints: Int8Array): Uint8Array {
  return new Uint8Array(ints.buffer, ints.byteOffset, ints.length);
}
