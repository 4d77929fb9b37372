/**
 * The one WASM memory of the isolate: what the kernel works with, a page for rows that are in no segment, and pages.
 */
import type { BestRows } from "./best-rows.ts";
import type { PackedQueries } from "./pack-queries.ts";
import { MAX_SEARCH_QUERIES } from "../vector-stores/store-limits.ts";
import { MAX_WIDTH, PAGE_BYTES, pageLayout, rowBytes, rowsPerPage } from "../vector-stores/segment-layout.ts";

/** Bytes of WebAssembly's own pages. */
const WASM_PAGE = 65_536;
/** Bytes of a row that is picked: its place and its score. */
const PICKED_BYTES = 8;

const QUERIES_AT = 0;
const SCALES_AT = QUERIES_AT + 2 * MAX_SEARCH_QUERIES * MAX_WIDTH;
const LIVE_AT = SCALES_AT + 4 * MAX_SEARCH_QUERIES;
/** Most rows in a page: those of the narrowest rows. */
const MAX_ROWS = rowsPerPage(1);
const PICKED_AT = LIVE_AT + MAX_ROWS / 8;
/** For rows that are in no segment. */
const SCRATCH_AT = WASM_PAGE * Math.ceil((PICKED_AT + PICKED_BYTES * MAX_ROWS) / WASM_PAGE);
const PAGES_AT = SCRATCH_AT + PAGE_BYTES;

type Scan = (...parameters: number[]) => number;

/** Bits of rows, the first the least significant of the first byte. */
export type Bits = Uint8Array;

export class ScanMemory {
  readonly #memory = new WebAssembly.Memory({ initial: PAGES_AT / WASM_PAGE });
  readonly #scan: Scan;
  #queries: PackedQueries | undefined;

  /** @param kernel `kernels/scan.ts`, compiled */
  constructor(kernel: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(kernel, { env: { memory: this.#memory } });
    this.#scan = exports["scan"] as Scan;
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Makes pages up to this number. @throws RangeError if the host has no memory */
  grow(pages: number): void {
    const missing = PAGES_AT + pages * PAGE_BYTES - this.bytes;
    if (missing > 0) this.#memory.grow(missing / WASM_PAGE);
  }

  /** Writes bytes of a part. @param at the part's byte that `bytes` begins with */
  write(pages: readonly number[], at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const place = (at + done) % PAGE_BYTES;
      const piece = bytes.subarray(done, done + PAGE_BYTES - place);
      this.#bytesAt(addressOf(pages, at + done) + place, piece.length).set(piece);
      done += piece.length;
    }
  }

  /** A copy of a part's first bytes. */
  read(pages: readonly number[], length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += PAGE_BYTES) {
      bytes.set(this.#bytesAt(addressOf(pages, at), Math.min(PAGE_BYTES, length - at)), at);
    }
    return bytes;
  }

  /** The queries for the scans until the next await. */
  setQueries(queries: PackedQueries): void {
    if (this.#queries === queries) return;
    new Int16Array(this.#memory.buffer, QUERIES_AT, queries.ints.length).set(queries.ints);
    new Float32Array(this.#memory.buffer, SCALES_AT, queries.count).set(queries.scales);
    this.#queries = queries;
  }

  /** Compares the live rows of a page. @param index of the page @param live a bit a row */
  scanPage(page: number, rows: number, width: number, live: Bits, best: BestRows): void {
    this.#scanAt(PAGES_AT + page * PAGE_BYTES, rows, width, live, best);
  }

  /** Compares live rows that are in no segment. @param page laid out as one of a segment */
  scanOpen(page: Uint8Array, rows: number, width: number, live: Bits, best: BestRows): void {
    this.#bytesAt(SCRATCH_AT, page.length).set(page);
    this.#scanAt(SCRATCH_AT, rows, width, live, best);
  }

  #scanAt(address: number, rows: number, width: number, live: Bits, best: BestRows): void {
    if (this.#queries === undefined) throw new Error("a scan without queries");
    const { scales, numbers } = pageLayout(rows, width);
    this.#bytesAt(LIVE_AT, live.length).set(live);
    const picked = this.#scan(
      address,
      rowBytes(width),
      rows,
      address + scales,
      QUERIES_AT,
      SCALES_AT,
      this.#queries.count,
      LIVE_AT,
      best.threshold,
      PICKED_AT,
    );
    const view = new DataView(this.#memory.buffer);
    for (let at = PICKED_AT; at < PICKED_AT + picked * PICKED_BYTES; at += PICKED_BYTES) {
      const number = view.getUint32(address + numbers + 4 * view.getUint32(at, true), true);
      best.offer(number, view.getFloat32(at + 4, true));
    }
  }

  #bytesAt(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length);
  }
}

/** Where the page begins that has this byte of a part. */
function addressOf(pages: readonly number[], at: number): number {
  const page = pages[Math.floor(at / PAGE_BYTES)];
  if (page === undefined) throw new RangeError(`a part of ${pages.length} pages has no byte ${at}`);
  return PAGES_AT + page * PAGE_BYTES;
}
