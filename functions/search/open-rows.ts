/** Rows of a store that are in no segment, in pages laid out as those of a segment. */
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { pageLayout, rowBytes, rowsPerPage } from "../vector-stores/segment-layout.ts";
import type { Attributes } from "../vector-stores/stored-picture.ts";
import type { OpenRow } from "../vector-stores/store-state-rpc.ts";
import type { Bits } from "./scan-memory.ts";

export interface OpenPage {
  /** Rows of it, live or not. */
  rows: number;
  bytes: Uint8Array;
  numbers: Uint32Array;
  attributes: readonly Attributes[];
}

/** A page, and which of its rows are live. */
export interface LiveOpenPage {
  page: OpenPage;
  live: Bits;
}

/** @param rows at most `rowsPerPage(width)` */
function pageOf(rows: readonly OpenRow[], width: number): OpenPage {
  const layout = pageLayout(rows.length, width);
  const bytes = new Uint8Array(layout.bytes);
  const view = new DataView(bytes.buffer);
  for (const [i, { number, row }] of rows.entries()) {
    bytes.set(new Uint8Array(row.ints.buffer, row.ints.byteOffset, width), i * rowBytes(width));
    view.setFloat32(layout.scales + 4 * i, row.scale, true);
    view.setUint32(layout.numbers + 4 * i, number, true);
  }
  return {
    rows: rows.length,
    bytes,
    numbers: Uint32Array.from(rows, ({ number }) => number),
    attributes: rows.map(({ attributes }) => attributes),
  };
}

/** The live rows of a page, as they were before they were in it. */
function rowsOf({ page, live }: LiveOpenPage, width: number): OpenRow[] {
  const { scales } = pageLayout(page.rows, width);
  const view = new DataView(page.bytes.buffer);
  return [...page.numbers.entries()]
    .filter(([i]) => isSet(live, i))
    .map(([i, number]) => ({
      number,
      row: {
        ints: new Int8Array(page.bytes.buffer, i * rowBytes(width), width),
        scale: view.getFloat32(scales + 4 * i, true),
      },
      attributes: page.attributes[i] ?? {},
    }));
}

/**
 * Pages with what is live now. Pages that are well filled are kept as they are; the rest, and what was added, are
 * written to new ones, so that there are never more than twice as many pages as rows need. Numbers rise within a page;
 * pages may overlap. No row is there twice.
 * @param added rows that are not in `pages`; their buffers are freed
 * @param live numbers of all live rows, rising
 */
export function mergedPages(
  pages: readonly LiveOpenPage[],
  added: readonly OpenRow[],
  live: Uint32Array,
  width: number,
): LiveOpenPage[] {
  const missing = new Set(live);
  const kept: LiveOpenPage[] = [];
  const rest: OpenRow[] = [];
  for (const { page } of pages) {
    const bits = new Uint8Array(Math.ceil(page.rows / 8));
    let count = 0;
    for (const [i, number] of page.numbers.entries()) {
      if (!missing.delete(number)) continue;
      bits[i >>> 3] = (bits[i >>> 3] ?? 0) | (1 << (i & 7));
      count++;
    }
    const now = { page, live: bits };
    if (count > rowsPerPage(width) / 2) kept.push(now);
    else rest.push(...rowsOf(now, width));
  }
  for (const row of added) if (missing.delete(row.number)) rest.push(row);
  rest.sort((a, b) => a.number - b.number);
  for (let from = 0; from < rest.length; from += rowsPerPage(width)) {
    const page = pageOf(rest.slice(from, from + rowsPerPage(width)), width);
    kept.push({ page, live: new Uint8Array(Math.ceil(page.rows / 8)).fill(0xff) });
  }
  for (const { row } of added) freeBuffer(row.ints);
  return kept;
}

/** The highest number of a row, live or not; 0 if there is none. */
export function highestNumber(pages: readonly LiveOpenPage[]): number {
  return pages.reduce((most, { page }) => Math.max(most, page.numbers.at(-1) ?? 0), 0);
}

export function isSet(bits: Bits, row: number): boolean {
  return ((bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
}
