/**
 * Activations as unsigned 7-bit integers with a scale and a zero point for each row: what the int8 matmul takes. The
 * relaxed dot product is only exact, and the same on every processor, while its second operand stays in 7 bits.
 *
 * A row's parameters are 8 bytes: float32 scale, int32 zero point; `x ≈ scale × (q − zero)`. A row of zeros has scale
 * 0. NaN or infinity in a row makes its scale NaN or infinite, and with it every output of the row.
 */
const LEVELS: f32 = 127;
export const ROW_PARAMETERS: usize = 8;

/** @param columns a multiple of 4 */
export function quantizeRows(source: usize, target: usize, parameters: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++) {
    let low = f32x4.splat(0);
    let high = f32x4.splat(0);
    const end = source + ((<usize>columns) << 2);
    for (let at = source; at < end; at += 16) {
      const x = v128.load(at);
      low = f32x4.min(low, x);
      high = f32x4.max(high, x);
    }
    const least = min(min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)), min(f32x4.extract_lane(low, 2), f32x4.extract_lane(low, 3)));
    const most = max(max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)), max(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3)));
    const range = most - least;
    const inverse: f32 = range > 0 ? LEVELS / range : 0;
    const zero = <i32>nearest(-least * inverse);
    store<f32>(parameters, range / LEVELS);
    store<i32>(parameters, zero, 4);
    quantizeRow(source, target, columns, inverse, zero);
    source = end;
    target += columns;
    parameters += ROW_PARAMETERS;
  }
}

function quantizeRow(source: usize, target: usize, columns: i32, inverse: f32, zero: i32): void {
  const factor = f32x4.splat(inverse);
  const offset = i32x4.splat(zero);
  const limit = i8x16.splat(127);
  let left = columns;
  for (; left >= 16; left -= 16) {
    const a = i16x8.narrow_i32x4_s(level(source, factor, offset), level(source + 16, factor, offset));
    const b = i16x8.narrow_i32x4_s(level(source + 32, factor, offset), level(source + 48, factor, offset));
    v128.store(target, i8x16.min_u(i8x16.narrow_i16x8_u(a, b), limit));
    source += 64;
    target += 16;
  }
  for (; left > 0; left -= 4) {
    const a = i16x8.narrow_i32x4_s(level(source, factor, offset), offset);
    v128.store32_lane(target, i8x16.min_u(i8x16.narrow_i16x8_u(a, a), limit), 0);
    source += 16;
    target += 4;
  }
}

function level(source: usize, factor: v128, offset: v128): v128 {
  const x = f32x4.nearest(f32x4.mul(v128.load(source), factor));
  return i32x4.add(i32x4.trunc_sat_f32x4_s(x), offset);
}
