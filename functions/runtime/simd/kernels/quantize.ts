import { activationBytes, tileRows, WIDE } from "./layouts";
import { sum } from "./math";

/**
 * Quantizes activations for the int8 matmul: unsigned integers with a scale and a zero point for each row, in whole
 * tiles of interleaved rows, see `layouts.ts`.
 *
 * A row's parameters are 8 bytes: float32 scale, int32 zero point; `x ≈ scale × (q − zero)`. A row of zeros has scale
 * 0. If a row has NaN or infinity, its scale is NaN, and so is every output of the row.
 */
export const ROW_PARAMETERS: usize = 8;

/** 1.5 × 2²³: adding it rounds a value to an integer and leaves the integer in the low bits. */
const ROUND: f32 = 12582912.0;
const ROUND_BITS: i32 = 0x4b400000;

/**
 * @param layout of the target
 * @param source float32, `rows × columns`
 * @param target room for whole tiles
 * @param columns a multiple of 4
 * @param levels largest value: 127 or 255
 */
export function quantizeRows(
  layout: i32,
  source: usize,
  target: usize,
  parameters: usize,
  rows: i32,
  columns: i32,
  levels: f32,
): void {
  const tile = tileRows(layout);
  for (let row = 0; row < rows; row++) {
    let least = f32x4.splat(0);
    let most = f32x4.splat(0);
    // The pseudo-minimum is one instruction but loses NaN; the sum of the row keeps it.
    let total = f32x4.splat(0);
    const end = source + ((<usize>columns) << 2);
    for (let at = source; at < end; at += 16) {
      const x = v128.load(at);
      least = f32x4.pmin(least, x);
      most = f32x4.pmax(most, x);
      total = f32x4.add(total, x);
    }
    const bottom = -largest(f32x4.neg(least));
    const range = largest(most) - bottom;
    const inverse: f32 = range > 0 ? levels / range : 0;
    const zero = <i32>nearest(-bottom * inverse);
    store<f32>(parameters, range / levels + 0 * sum(total));
    store<i32>(parameters, zero, 4);
    const to = rowIn(layout, target, row, columns);
    if (layout == WIDE) wideRow(source, to, columns, inverse, zero, <i32>levels);
    else byteRow(source, to, columns, inverse, zero, <i32>levels, (<usize>tile) << 2);
    source = end;
    parameters += ROW_PARAMETERS;
  }
}

/**
 * Address of a row's first four bytes in the tiles. The row's next four bytes follow after those of the tile's other
 * rows.
 */
function rowIn(layout: i32, tiles: usize, row: i32, columns: i32): usize {
  const tile = tileRows(layout);
  return tiles + <usize>(row / tile) * activationBytes(layout, columns) + ((<usize>(row % tile)) << 2);
}

function largest(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/** @param stride bytes from four values of the row to the next four */
function byteRow(
  source: usize,
  target: usize,
  columns: i32,
  inverse: f32,
  zero: i32,
  levels: i32,
  stride: usize,
): void {
  const factor = f32x4.splat(inverse);
  const offset = i32x4.splat(zero - ROUND_BITS);
  const limit = i8x16.splat(<i8>levels);
  let left = columns;
  for (; left >= 16; left -= 16) {
    const a = i16x8.narrow_i32x4_s(level(source, factor, offset), level(source + 16, factor, offset));
    const b = i16x8.narrow_i32x4_s(level(source + 32, factor, offset), level(source + 48, factor, offset));
    const q = i8x16.min_u(i8x16.narrow_i16x8_u(a, b), limit);
    v128.store32_lane(target, q, 0);
    target += stride;
    v128.store32_lane(target, q, 1);
    target += stride;
    v128.store32_lane(target, q, 2);
    target += stride;
    v128.store32_lane(target, q, 3);
    target += stride;
    source += 64;
  }
  for (; left > 0; left -= 4) {
    const a = i16x8.narrow_i32x4_s(level(source, factor, offset), i32x4.splat(0));
    v128.store32_lane(target, i8x16.min_u(i8x16.narrow_i16x8_u(a, a), limit), 0);
    target += stride;
    source += 16;
  }
}

const WIDE_STRIDE: usize = 16;

function wideRow(source: usize, target: usize, columns: i32, inverse: f32, zero: i32, levels: i32): void {
  const factor = f32x4.splat(inverse);
  const offset = i32x4.splat(zero - ROUND_BITS);
  const limit = i16x8.splat(<i16>levels);
  for (let left = columns; left > 0; left -= 4) {
    let q = i16x8.narrow_i32x4_s(level(source, factor, offset), i32x4.splat(0));
    q = i16x8.min_s(i16x8.max_s(q, i16x8.splat(0)), limit);
    v128.store32_lane(target, q, 0);
    v128.store32_lane(target, q, 1, WIDE_STRIDE);
    target += 2 * WIDE_STRIDE;
    source += 16;
  }
}

function level(source: usize, factor: v128, offset: v128): v128 {
  return i32x4.add(f32x4.add(f32x4.mul(v128.load(source), factor), f32x4.splat(ROUND)), offset);
}

/**
 * The rounding error of quantized activations: `source − scale × (q − zero)`. It is quantized in turn, which together
 * gives activations of 16 bits.
 * @param source float32, `rows × columns`
 * @param quantized, parameters as `quantizeRows` filled them
 * @param target float32, `rows × columns`
 * @param columns a multiple of 4
 */
export function residues(
  layout: i32,
  source: usize,
  quantized: usize,
  parameters: usize,
  target: usize,
  rows: i32,
  columns: i32,
): void {
  const stride = (<usize>tileRows(layout)) << 2;
  for (let row = 0; row < rows; row++) {
    const scale = v128.load32_splat(parameters);
    const zero = v128.load32_splat(parameters, 4);
    let from = rowIn(layout, quantized, row, columns);
    for (let column = 0; column < columns; column += 4) {
      let q: v128;
      if (layout == WIDE) {
        q = v128.load32_lane(from + stride, v128.load32_zero(from), 1);
        q = i32x4.extend_low_i16x8_u(q);
        from += 2 * stride;
      } else {
        q = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
        from += stride;
      }
      const rounded = f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.sub(q, zero)));
      v128.store(target, f32x4.sub(v128.load(source), rounded));
      source += 16;
      target += 16;
    }
    parameters += ROW_PARAMETERS;
  }
}
