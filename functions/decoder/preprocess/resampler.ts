/** The arithmetic of the resize, apart from its geometry: both forms of it give the same bytes. */
import type { Taps } from "./bicubic-taps.ts";

export interface Resampler {
  /**
   * Horizontal pass of one row.
   * @param source uint8 RGB
   * @param out uint8 RGB, a pixel for each of the taps' outputs
   */
  narrowRow(source: Uint8Array, columns: Taps, out: Uint8Array): void;
  /**
   * Vertical pass.
   * @param narrow uint8, rows of `rowBytes` bytes, the first of which is source row `firstRow`
   * @returns a row for each of the taps' outputs
   */
  mixRows(narrow: Uint8Array, rows: Taps, firstRow: number, rowBytes: number): Uint8Array<ArrayBuffer>;
}
