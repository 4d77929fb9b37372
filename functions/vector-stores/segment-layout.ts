/**
 * A segment: rows of a vector store in one immutable object of R2, laid out so that a search reads little.
 *
 *     header   4,096 bytes      what is where, and a SHA-256 of each part
 *     pages    scanBytes(…)     what every search reads: vectors, scales, numbers
 *     groups   any length       attributes by column, see `attribute-columns.ts`
 *
 * The header, little-endian:
 *
 *     0    "ecvs"               magic
 *     4    u32                  version, 1
 *     8    u32                  rows
 *     12   u32                  values a vector
 *     16   32 bytes             SHA-256 of the pages
 *     48   64 groups × 40       u32 offset from the object's beginning, u32 length, SHA-256
 *
 * `SegmentRef.sha256` is the header's, so whoever has the reference can verify whatever part it reads. Header and pages
 * have a size that follows from rows and width: one request of R2 reads both.
 *
 * Pages have the size of the pieces of memory that the search Worker keeps them in, so they are put there as they are.
 * A page has as many rows as fit, rounded down to `ROW_STEP`; the last one has the rest, rounded up, with zeros:
 *
 *     rows × rowBytes           int8, each row filled up with zeros to a multiple of 16 bytes
 *     rows × 4                  float32 scales
 *     rows × 4                  u32 numbers, rising over the whole segment
 *
 * A column belongs to the group that its key's hash names, so the header has one size however many keys there are.
 */
import { MAX_SEGMENT_ROWS } from "./store-limits.ts";

export const HEADER_BYTES = 4_096;
export const SEGMENT_MAGIC = "ecvs";
export const SEGMENT_VERSION = 1;
export const SHA256_BYTES = 32;

/** Offsets in the header. */
export const HEADER = { version: 4, rows: 8, width: 12, pagesSha256: 16, groups: 48 } as const;

export const GROUPS = 64;
export const GROUP_ENTRY_BYTES = 8 + SHA256_BYTES;

/** Memory of the search Worker is given out in pieces of this size. */
export const PAGE_BYTES = 262_144;
/** Most pages of a segment: 5 MiB, a part of a search Worker's memory that can be moved in and out quickly. */
const MAX_SEGMENT_PAGES = 20;

/** The scan takes rows in steps of this many; a page's bits in a bitmap begin at a whole byte. */
const ROW_STEP = 16;
const ALIGNMENT = 16;
const SCALE_BYTES = 4;
const NUMBER_BYTES = 4;

/** Largest number of values in a vector; larger than that of any CLIP model. */
export const MAX_WIDTH = 4_096;

/** Bytes of a row's integers, with what it is filled up with. */
export function rowBytes(width: number): number {
  return ALIGNMENT * Math.ceil(width / ALIGNMENT);
}

export function rowsPerPage(width: number): number {
  const fit = Math.floor(PAGE_BYTES / (rowBytes(width) + SCALE_BYTES + NUMBER_BYTES));
  return ROW_STEP * Math.floor(fit / ROW_STEP);
}

/** Most rows of a segment: 8,000 of 640 values. */
export function maxSegmentRows(width: number): number {
  return Math.min(MAX_SEGMENT_ROWS, MAX_SEGMENT_PAGES * rowsPerPage(width));
}

export interface PageLayout {
  /** Bytes from the page's beginning. */
  scales: number;
  numbers: number;
  bytes: number;
}

/** Where things are in a page. @param rows of it */
export function pageLayout(rows: number, width: number): PageLayout {
  const padded = ROW_STEP * Math.ceil(rows / ROW_STEP);
  const scales = padded * rowBytes(width);
  const numbers = scales + padded * SCALE_BYTES;
  return { scales, numbers, bytes: numbers + padded * NUMBER_BYTES };
}

/** Rows of each page of a segment; all pages but the last have the size that `pageLayout` gives for full ones. */
export function pageRows(rows: number, width: number): number[] {
  const most = rowsPerPage(width);
  return Array.from({ length: Math.ceil(rows / most) }, (_, page) => Math.min(most, rows - page * most));
}

/** Bytes of all pages of a segment, of which each but the last is filled up to `PAGE_BYTES`. */
export function scanBytes(rows: number, width: number): number {
  const pages = pageRows(rows, width);
  const last = pages.at(-1);
  return last === undefined ? 0 : (pages.length - 1) * PAGE_BYTES + pageLayout(last, width).bytes;
}

/** The group of a key's column: FNV-1a over its UTF-16 code units. */
export function groupOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % GROUPS;
}
