/**
 * Resizes and crops as Pillow does it: a horizontal pass, then a vertical one, uint8 between them. Only what the
 * crop keeps is computed, and source rows are taken a strip at a time, so that a large picture is never held in
 * JavaScript whole.
 */
import { compositeOnWhite } from "./composite-on-white.ts";
import { bicubicTaps, PRECISION_BITS, type Taps } from "./bicubic-taps.ts";
import type { ResizePlan } from "./plan-resize.ts";

/** A decoded picture whose rows can be had in order. */
export interface Picture {
  width: number;
  height: number;
  /** 3: RGB. 4: RGBA, alpha not premultiplied. */
  channels: 3 | 4;
  /** uint8, `count × width × channels`. */
  readRows(start: number, count: number): Uint8Array;
}

/** Bytes of source rows taken at a time. */
const STRIP_BYTES = 1_000_000;
const ROUNDING = 2 ** (PRECISION_BITS - 1);

/** @returns uint8 RGB, `size × size × 3` */
export function resizeAndCrop(picture: Picture, plan: ResizePlan): Uint8Array<ArrayBuffer> {
  const { width, height, left, top, size } = plan;
  const columns = bicubicTaps(picture.width, width, left, size);
  const rows = bicubicTaps(picture.height, height, top, size);
  const firstRow = Math.min(...rows.starts);
  const lastRow = Math.max(...rows.starts.map((start, i) => start + (rows.counts[i] ?? 0)));
  const narrow = new Uint8ClampedArray((lastRow - firstRow) * size * 3);
  const stripRows = Math.max(1, Math.floor(STRIP_BYTES / (picture.width * picture.channels)));
  for (let row = firstRow; row < lastRow; row += stripRows) {
    const count = Math.min(stripRows, lastRow - row);
    const strip = picture.readRows(row, count);
    const rgb = picture.channels === 4 ? compositeOnWhite(strip) : strip;
    for (let i = 0; i < count; i++) {
      const source = rgb.subarray(i * picture.width * 3, (i + 1) * picture.width * 3);
      const target = (row - firstRow + i) * size * 3;
      shrinkRow(source, columns, narrow.subarray(target, target + size * 3));
    }
  }
  return shrinkColumns(narrow, rows, firstRow, size);
}

/** Horizontal pass of one row. `out` clamps. */
function shrinkRow(
  source: Uint8Array,
  { starts, counts, weights, stride }: Taps,
  out: Uint8ClampedArray,
): void {
  for (let x = 0; x < starts.length; x++) {
    let red = ROUNDING;
    let green = ROUNDING;
    let blue = ROUNDING;
    const end = x * stride + (counts[x] ?? 0);
    for (let tap = x * stride, at = 3 * (starts[x] ?? 0); tap < end; tap++, at += 3) {
      const weight = weights[tap] ?? 0;
      red = (red + Math.imul(weight, source[at] ?? 0)) | 0;
      green = (green + Math.imul(weight, source[at + 1] ?? 0)) | 0;
      blue = (blue + Math.imul(weight, source[at + 2] ?? 0)) | 0;
    }
    out[3 * x] = red >> PRECISION_BITS;
    out[3 * x + 1] = green >> PRECISION_BITS;
    out[3 * x + 2] = blue >> PRECISION_BITS;
  }
}

/** Vertical pass over rows of `size × 3` bytes, the first of which is source row `firstRow`. */
function shrinkColumns(
  narrow: Uint8ClampedArray,
  taps: Taps,
  firstRow: number,
  size: number,
): Uint8Array<ArrayBuffer> {
  const rowBytes = size * 3;
  const out = new Uint8ClampedArray(size * rowBytes);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < size; y++) {
    sums.fill(ROUNDING);
    const start = ((taps.starts[y] ?? 0) - firstRow) * rowBytes;
    for (let tap = 0; tap < (taps.counts[y] ?? 0); tap++) {
      const weight = taps.weights[y * taps.stride + tap] ?? 0;
      const row = start + tap * rowBytes;
      for (let i = 0; i < rowBytes; i++) sums[i] = (sums[i] ?? 0) + Math.imul(weight, narrow[row + i] ?? 0);
    }
    for (let i = 0; i < rowBytes; i++) out[y * rowBytes + i] = (sums[i] ?? 0) >> PRECISION_BITS;
  }
  return new Uint8Array(out.buffer);
}
