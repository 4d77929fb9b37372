/**
 * `activations @ weights`, int8 weights, and what follows it. The sums of a tile, rows × 8 columns, stay in registers
 * during the loop over K. A panel of 8 columns of weights stays in the first-level cache during the loop over rows.
 * There are three inner loops, see `layouts.ts`. The host's dot product decides which is fastest; all give the same
 * exact sums.
 */
import { finishTile } from "./finish";
import {
  BYTES,
  BYTES_ROWS,
  orderBytes,
  PAIRS,
  PANEL_COLUMNS,
  activationBytes,
  tileRows,
  WIDE,
  WIDE_ROWS,
} from "./layouts";
import { ROW_PARAMETERS } from "./quantize";
import { halfTileBytes, tileBytes } from "./tile-bytes";
import { tilePairs } from "./tile-pairs";
import { halfTileWide, tileWide, tileWidened, tileWidening } from "./tile-wide";

/**
 * @param layout layout of `a` and `weights`: `BYTES`, `WIDE` or `PAIRS`
 * @param a quantized activations, `rows × k`, in whole tiles, see `quantize.ts`
 * @param parameters of the rows, see `quantize.ts`
 * @param weights packed by `packInt8`, `k × columns`
 * @param order order of the panels' steps, as `packInt8` wrote it; for `PAIRS`
 * @param scales float32 of the columns
 * @param sums int32 of the columns' weights
 * @param bias float32 of the columns, or 0
 * @param residual float32, `rows × columns`, or 0
 * @param out float32, `rows × columns`; may be `residual`
 * @param columns a multiple of 8
 * @param k a multiple of 4, of 8 for `PAIRS`
 * @param widened room for a panel's weights as int16, `16 × k` bytes, or 0; for `WIDE`
 */
export function matmulInt8(
  layout: i32,
  a: usize,
  parameters: usize,
  weights: usize,
  order: usize,
  scales: usize,
  sums: usize,
  bias: usize,
  residual: usize,
  out: usize,
  rows: i32,
  columns: i32,
  k: i32,
  activation: i32,
  widened: usize,
): void {
  const tile = tileRows(layout);
  const bytes = activationBytes(layout, k);
  const stride = (<usize>columns) << 2;
  for (let at: usize = 0; at < stride; at += 4 * PANEL_COLUMNS) {
    let from = a;
    for (let row = 0; row < rows; row += tile) {
      const left = min(tile, rows - row);
      if (!ASC_FEATURE_RELAXED_SIMD || layout == WIDE) {
        if (left <= WIDE_ROWS / 2) halfTileWide(from, weights, k);
        else if (widened == 0) tileWide(from, weights, k);
        else if (row == 0) tileWidening(from, weights, widened, k);
        else tileWidened(from, widened, k);
      } else if (layout == PAIRS) {
        tilePairs(from, weights, order, k);
      } else if (left > BYTES_ROWS / 2) {
        tileBytes(from, weights, k);
      } else {
        halfTileBytes(from, weights, k);
      }
      from += bytes;
      const first = <usize>row * stride + at;
      finishTile(
        left,
        parameters + <usize>row * ROW_PARAMETERS,
        scales + at,
        sums + at,
        bias == 0 ? 0 : bias + at,
        residual == 0 ? 0 : residual + first,
        out + first,
        stride,
        activation,
      );
    }
    weights += <usize>k * PANEL_COLUMNS;
    if (layout == PAIRS) order += orderBytes(k);
  }
}
