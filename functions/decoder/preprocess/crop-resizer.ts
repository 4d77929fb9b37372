/**
 * Resizes and crops as Pillow does it: a horizontal pass, then a vertical one, uint8 between them. Rows are pushed in
 * as they come, and only what the crop keeps is computed.
 */
import { freeBuffer } from "../../runtime/free-buffer.ts";
import { compositeOnWhite } from "./composite-on-white.ts";
import { bicubicTaps, PRECISION_BITS, type Taps } from "./bicubic-taps.ts";
import { planResize } from "./plan-resize.ts";

const ROUNDING = 2 ** (PRECISION_BITS - 1);

export class CropResizer {
  /** The source rows that count: from the first up to, not including, the end. */
  readonly firstRow: number;
  readonly endRow: number;
  readonly #width: number;
  readonly #channels: 3 | 4;
  readonly #size: number;
  readonly #columns: Taps;
  readonly #rows: Taps;
  /** The rows that count after the horizontal pass, `size × 3` bytes each. */
  readonly #narrow: Uint8ClampedArray<ArrayBuffer>;
  #filled = 0;

  /** @param size side of the square output, pixels */
  constructor(source: { width: number; height: number; channels: 3 | 4 }, size: number) {
    const plan = planResize(source.width, source.height, size);
    this.#width = source.width;
    this.#channels = source.channels;
    this.#size = size;
    this.#columns = bicubicTaps(source.width, plan.width, plan.left, size);
    this.#rows = bicubicTaps(source.height, plan.height, plan.top, size);
    const { starts, counts } = this.#rows;
    this.firstRow = Math.min(...starts);
    this.endRow = Math.max(...starts.map((start, i) => start + (counts[i] ?? 0)));
    this.#narrow = new Uint8ClampedArray((this.endRow - this.firstRow) * size * 3);
  }

  /** @param rows uint8, the next whole rows from `firstRow` on; still the caller's */
  push(rows: Uint8Array): void {
    const rgb = this.#channels === 4 ? compositeOnWhite(rows) : rows;
    const sourceBytes = this.#width * 3;
    const narrowBytes = this.#size * 3;
    for (let at = 0; at < rgb.length; at += sourceBytes) {
      const target = this.#narrow.subarray(this.#filled, this.#filled + narrowBytes);
      shrinkRow(rgb.subarray(at, at + sourceBytes), this.#columns, target);
      this.#filled += narrowBytes;
    }
    if (rgb !== rows) freeBuffer(rgb);
  }

  /** @returns uint8 RGB, `size × size × 3` */
  finish(): Uint8Array<ArrayBuffer> {
    return shrinkColumns(this.#narrow, this.#rows, this.firstRow, this.#size);
  }
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
