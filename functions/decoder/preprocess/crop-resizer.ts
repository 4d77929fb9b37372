/**
 * Resizes and crops as Pillow does: a horizontal pass, then a vertical one, uint8 between them. The caller pushes rows
 * as they arrive. Only the part that the crop keeps is computed.
 */
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { compositeOnWhite } from "./composite-on-white.ts";
import { bicubicTaps, type Taps } from "./bicubic-taps.ts";
import { planResize } from "./plan-resize.ts";
import type { Resampler } from "./resampler.ts";

export class CropResizer {
  /** The source rows that are needed: from `firstRow` up to, not including, `endRow`. */
  readonly firstRow: number;
  readonly endRow: number;
  readonly #width: number;
  readonly #channels: 3 | 4;
  readonly #size: number;
  readonly #columns: Taps;
  readonly #rows: Taps;
  /** The needed rows after the horizontal pass, `size × 3` bytes each. */
  readonly #narrow: Uint8Array<ArrayBuffer>;
  readonly #resampler: Resampler;
  #filled = 0;

  /** @param size side of the square output, pixels */
  constructor(
    source: { width: number; height: number; channels: 3 | 4 },
    size: number,
    resampler: Resampler,
  ) {
    this.#resampler = resampler;
    const plan = planResize(source.width, source.height, size);
    this.#width = source.width;
    this.#channels = source.channels;
    this.#size = size;
    this.#columns = bicubicTaps(source.width, plan.width, plan.left, size);
    this.#rows = bicubicTaps(source.height, plan.height, plan.top, size);
    const { starts, counts } = this.#rows;
    this.firstRow = Math.min(...starts);
    this.endRow = Math.max(...starts.map((start, i) => start + (counts[i] ?? 0)));
    this.#narrow = new Uint8Array((this.endRow - this.firstRow) * size * 3);
  }

  /** @param rows uint8, the next whole rows from `firstRow` on; not kept or changed */
  push(rows: Uint8Array): void {
    const rgb = this.#channels === 4 ? compositeOnWhite(rows) : rows;
    const sourceBytes = this.#width * 3;
    const narrowBytes = this.#size * 3;
    for (let at = 0; at < rgb.length; at += sourceBytes) {
      const target = this.#narrow.subarray(this.#filled, this.#filled + narrowBytes);
      this.#resampler.narrowRow(rgb.subarray(at, at + sourceBytes), this.#columns, target);
      this.#filled += narrowBytes;
    }
    if (rgb !== rows) freeBuffer(rgb);
  }

  /** @returns uint8 RGB, `size × size × 3`; call it only once */
  finish(): Uint8Array<ArrayBuffer> {
    const result = this.#resampler.mixRows(this.#narrow, this.#rows, this.firstRow, 3 * this.#size);
    freeBuffer(this.#narrow);
    return result;
  }
}
