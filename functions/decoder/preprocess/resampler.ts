/** The arithmetic of the resize, separate from its geometry. Both implementations give the same bytes. */
import type { Taps } from "./bicubic-taps.ts";

export interface Resampler {
  /**
   * Horizontal pass of one row.
   * @param source uint8 RGB
   * @param out uint8 RGB, one pixel for each output of the taps
   */
  narrowRow(source: Uint8Array, columns: Taps, out: Uint8Array): void;
  /**
   * Vertical pass.
   * @param narrow uint8, rows of `rowBytes` bytes; the first is source row `firstRow`
   * @returns one row for each output of the taps
   */
  mixRows(narrow: Uint8Array, rows: Taps, firstRow: number, rowBytes: number): Uint8Array<ArrayBuffer>;
}
