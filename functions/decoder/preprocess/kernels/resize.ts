/**
 * The two passes of the resize, bit-exact. Each 22-bit weight is split into `high × 2¹¹ + low`, which both fit in
 * int16. The sums of the two halves are joined at the end, modulo 2³² as in the scalar form.
 */
const HALF_BITS: i32 = 11;
const PRECISION_BITS: i32 = 22;
const ROUNDING: i32 = 1 << 21;

/**
 * Splits RGB into three planes of int16.
 * @param source uint8, `pixels × 3`; up to 23 bytes after it are read
 * @param planes int16, three times `planeBytes`; up to 7 values after each are written
 */
export function toPlanes(source: usize, planes: usize, planeBytes: usize, pixels: i32): void {
  const end = planes + ((<usize>pixels) << 1);
  for (let at = planes; at < end; at += 16, source += 24) {
    const a = v128.load(source);
    const b = v128.load(source, 8);
    const red = v128.shuffle<i8>(a, b, 0, 3, 6, 9, 12, 15, 26, 29, 0, 0, 0, 0, 0, 0, 0, 0);
    const green = v128.shuffle<i8>(a, b, 1, 4, 7, 10, 13, 24, 27, 30, 0, 0, 0, 0, 0, 0, 0, 0);
    const blue = v128.shuffle<i8>(a, b, 2, 5, 8, 11, 14, 25, 28, 31, 0, 0, 0, 0, 0, 0, 0, 0);
    v128.store(at, i16x8.extend_low_i8x16_u(red));
    v128.store(at + planeBytes, i16x8.extend_low_i8x16_u(green));
    v128.store(at + 2 * planeBytes, i16x8.extend_low_i8x16_u(blue));
  }
}

/**
 * Horizontal pass of one row.
 * @param starts int32, byte offset into a plane of each output's first tap
 * @param high int16, `outputs × taps`, and `low` the same; unused taps are 0
 * @param taps taps of each output, a multiple of 8
 * @param target uint8, `outputs × 3`
 */
export function narrowRow(
  planes: usize,
  planeBytes: usize,
  starts: usize,
  high: usize,
  low: usize,
  taps: i32,
  outputs: i32,
  target: usize,
): void {
  const tapBytes = (<usize>taps) << 1;
  for (let x = 0; x < outputs; x++, target += 3) {
    let plane = planes + <usize>load<i32>(starts + ((<usize>x) << 2));
    let redHigh = i32x4.splat(0);
    let redLow = i32x4.splat(0);
    let greenHigh = i32x4.splat(0);
    let greenLow = i32x4.splat(0);
    let blueHigh = i32x4.splat(0);
    let blueLow = i32x4.splat(0);
    for (const end = high + tapBytes; high < end; high += 16, low += 16, plane += 16) {
      const h = v128.load(high);
      const l = v128.load(low);
      const red = v128.load(plane);
      const green = v128.load(plane + planeBytes);
      const blue = v128.load(plane + 2 * planeBytes);
      redHigh = i32x4.add(redHigh, i32x4.dot_i16x8_s(red, h));
      redLow = i32x4.add(redLow, i32x4.dot_i16x8_s(red, l));
      greenHigh = i32x4.add(greenHigh, i32x4.dot_i16x8_s(green, h));
      greenLow = i32x4.add(greenLow, i32x4.dot_i16x8_s(green, l));
      blueHigh = i32x4.add(blueHigh, i32x4.dot_i16x8_s(blue, h));
      blueLow = i32x4.add(blueLow, i32x4.dot_i16x8_s(blue, l));
    }
    store<u8>(target, level(redHigh, redLow));
    store<u8>(target, level(greenHigh, greenLow), 1);
    store<u8>(target, level(blueHigh, blueLow), 2);
  }
}

/** The sum of all lanes, rounded and clamped. */
function level(high: v128, low: v128): i32 {
  const lanes = i32x4.add(i32x4.shl(high, HALF_BITS), low);
  const pairs = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  const sum = i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1) + ROUNDING;
  return min(255, max(0, sum >> PRECISION_BITS));
}

/**
 * Vertical pass of one row.
 * @param rows uint8, `taps × rowBytes`; up to 7 bytes after them are read
 * @param high int16, one value for each tap, and `low` the same
 * @param target uint8, `rowBytes`; up to 7 bytes after it are written
 */
export function mixRows(
  rows: usize,
  rowBytes: usize,
  high: usize,
  low: usize,
  taps: i32,
  target: usize,
): void {
  for (let at: usize = 0; at < rowBytes; at += 8) {
    let leftHigh = i32x4.splat(0);
    let leftLow = i32x4.splat(ROUNDING);
    let rightHigh = i32x4.splat(0);
    let rightLow = i32x4.splat(ROUNDING);
    let row = rows + at;
    for (let tap: usize = 0; tap < (<usize>taps) << 1; tap += 2, row += rowBytes) {
      const pixels = i16x8.extend_low_i8x16_u(v128.load64_zero(row));
      const h = v128.load16_splat(high + tap);
      const l = v128.load16_splat(low + tap);
      leftHigh = i32x4.add(leftHigh, i32x4.extmul_low_i16x8_s(pixels, h));
      leftLow = i32x4.add(leftLow, i32x4.extmul_low_i16x8_s(pixels, l));
      rightHigh = i32x4.add(rightHigh, i32x4.extmul_high_i16x8_s(pixels, h));
      rightLow = i32x4.add(rightLow, i32x4.extmul_high_i16x8_s(pixels, l));
    }
    const left = i32x4.shr_s(i32x4.add(i32x4.shl(leftHigh, HALF_BITS), leftLow), PRECISION_BITS);
    const right = i32x4.shr_s(i32x4.add(i32x4.shl(rightHigh, HALF_BITS), rightLow), PRECISION_BITS);
    const bytes = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(left, right), i32x4.splat(0));
    v128.store64_lane(target + at, bytes, 0);
  }
}
