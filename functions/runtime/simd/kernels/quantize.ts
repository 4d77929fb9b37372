import { sum } from "./math";

/**
 * Activations as unsigned integers with a scale and a zero point for each row: what the int8 matmul takes. The relaxed
 * dot product is only sure to be exact while its second operand stays in 7 bits. Activations of 8 bits go in one plane
 * where the host takes them (`takesBytes`), else in two, `q = 2 × high + low`, which cost two dot products and give the
 * same sums.
 *
 * A row's parameters are 8 bytes: float32 scale, int32 zero point; `x ≈ scale × (q − zero)`. A row of zeros has scale
 * 0. NaN or infinity in a row makes its scale NaN, and with it every output of the row.
 */
export const ROW_PARAMETERS: usize = 8;

/** Adding it rounds to an integer and leaves that in the low bits: 1.5 × 2²³. */
const ROUND: f32 = 12582912.0;
const ROUND_BITS: i32 = 0x4b400000;

/**
 * @param target uint8, `rows × columns`: the values, or their higher bits
 * @param low uint8, `rows × columns`: the lowest bit, if there are two planes; else 0
 * @param columns a multiple of 4
 * @param levels largest value: 127 or 255; 255 with two planes
 */
export function quantizeRows(
  source: usize,
  target: usize,
  low: usize,
  parameters: usize,
  rows: i32,
  columns: i32,
  levels: f32,
): void {
  for (let row = 0; row < rows; row++) {
    let least = f32x4.splat(0);
    let most = f32x4.splat(0);
    // The pseudo-minimum is one instruction but loses NaN; the sum keeps it.
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
    quantizeRow(source, target, low, columns, inverse, zero, <i32>levels);
    source = end;
    target += columns;
    if (low != 0) low += columns;
    parameters += ROW_PARAMETERS;
  }
}

function largest(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

function quantizeRow(
  source: usize,
  target: usize,
  low: usize,
  columns: i32,
  inverse: f32,
  zero: i32,
  levels: i32,
): void {
  const factor = f32x4.splat(inverse);
  const offset = i32x4.splat(zero - ROUND_BITS);
  const limit = i8x16.splat(<i8>levels);
  let left = columns;
  for (; left >= 16; left -= 16) {
    const a = i16x8.narrow_i32x4_s(level(source, factor, offset), level(source + 16, factor, offset));
    const b = i16x8.narrow_i32x4_s(level(source + 32, factor, offset), level(source + 48, factor, offset));
    const q = i8x16.narrow_i16x8_u(a, b);
    if (low != 0) {
      v128.store(target, i8x16.shr_u(q, 1));
      v128.store(low, v128.and(q, i8x16.splat(1)));
      low += 16;
    } else {
      v128.store(target, i8x16.min_u(q, limit));
    }
    source += 64;
    target += 16;
  }
  for (; left > 0; left -= 4) {
    const a = i16x8.narrow_i32x4_s(level(source, factor, offset), i32x4.splat(0));
    const q = i8x16.narrow_i16x8_u(a, a);
    if (low != 0) {
      v128.store32_lane(target, i8x16.shr_u(q, 1), 0);
      v128.store32_lane(low, v128.and(q, i8x16.splat(1)), 0);
      low += 4;
    } else {
      v128.store32_lane(target, i8x16.min_u(q, limit), 0);
    }
    source += 16;
    target += 4;
  }
}

function level(source: usize, factor: v128, offset: v128): v128 {
  return i32x4.add(f32x4.add(f32x4.mul(v128.load(source), factor), f32x4.splat(ROUND)), offset);
}

/**
 * What quantized activations leave of the ones they were made from: `source − scale × (q − zero)`, for activations of 16
 * bits, in two goes.
 * @param source float32, `rows × columns`
 * @param quantized, low, parameters as `quantizeRows` filled them
 * @param target float32, `rows × columns`
 * @param columns a multiple of 4
 */
export function residues(
  source: usize,
  quantized: usize,
  low: usize,
  parameters: usize,
  target: usize,
  rows: i32,
  columns: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const scale = v128.load32_splat(parameters);
    const zero = v128.load32_splat(parameters, 4);
    for (let column = 0; column < columns; column += 4) {
      let q = fourBytes(quantized);
      if (low != 0) {
        q = i32x4.add(i32x4.shl(q, 1), fourBytes(low));
        low += 4;
      }
      const rounded = f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.sub(q, zero)));
      v128.store(target, f32x4.sub(v128.load(source), rounded));
      source += 16;
      target += 16;
      quantized += 4;
    }
    parameters += ROW_PARAMETERS;
  }
}

function fourBytes(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}
