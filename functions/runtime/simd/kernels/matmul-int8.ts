/**
 * `activations @ weights`, 7-bit by int8, and what follows it. A tile of rows × 8 columns of sums stays in registers
 * while K runs; a panel of 8 columns of weights stays in the first cache while the rows run.
 *
 * The relaxed dot product takes four steps of K for four columns; without it, the products of two steps are added in
 * 16-bit lanes. Either way the sums are exact integers, so both modules give the same bits.
 */
import { finish } from "./finish";
import { ROW_PARAMETERS } from "./quantize";
import { PANEL_COLUMNS } from "./pack";

/** Rows of a tile: as many as leave room in 16 registers. A caller's activations may be read to a whole tile. */
const TILE_ROWS = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/**
 * Whether the host's dot product is exact for bytes up to 255, too: AVX-VNNI's is, others saturate or take them for
 * signed. The specification leaves it to the host but has it decide once; without relaxed SIMD it always is.
 * @param byte 255: a constant would be folded by the compiler, not by the host
 */
export function takesBytes(byte: i32): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return 1;
  const x = i8x16.splat(<i8>byte);
  const zero = i32x4.splat(0);
  const most = i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(127), x, zero);
  const least = i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(-127), x, zero);
  return i32(
    i32x4.extract_lane(most, 0) == 4 * 127 * byte && i32x4.extract_lane(least, 0) == -4 * 127 * byte,
  );
}

/**
 * @param a uint8, `rows × k`, see `quantize.ts`
 * @param low the second plane; 0 if there is none
 * @param parameters of the rows, see `quantize.ts`
 * @param weights packed by `packInt8`, `k × columns`
 * @param scales float32 of the columns
 * @param sums int32 of the columns' weights
 * @param bias float32 of the columns, or 0
 * @param residual float32, `rows × columns`, or 0
 * @param out float32, `rows × columns`; may be `residual`
 * @param columns a multiple of 8
 * @param k a multiple of 4
 */
export function matmulInt8(
  a: usize,
  low: usize,
  parameters: usize,
  weights: usize,
  scales: usize,
  sums: usize,
  bias: usize,
  residual: usize,
  out: usize,
  rows: i32,
  columns: i32,
  k: i32,
  activation: i32,
): void {
  for (let column = 0; column < columns; column += PANEL_COLUMNS) {
    const at = (<usize>column) << 2;
    for (let row = 0; row < rows; row += TILE_ROWS) {
      const first = ((<usize>row * columns) << 2) + at;
      tile(
        a + <usize>row * k,
        low == 0 ? 0 : low + <usize>row * k,
        weights + <usize>column * k,
        k,
        min(rows - row, TILE_ROWS),
        parameters + <usize>row * ROW_PARAMETERS,
        scales + at,
        sums + at,
        bias == 0 ? 0 : bias + at,
        residual == 0 ? 0 : residual + first,
        out + first,
        (<usize>columns) << 2,
        activation,
      );
    }
  }
}

function tile(
  a: usize,
  lowest: usize,
  weights: usize,
  k: usize,
  rows: i32,
  parameters: usize,
  scales: usize,
  sums: usize,
  bias: usize,
  residual: usize,
  out: usize,
  stride: usize,
  activation: i32,
): void {
  let l0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    l2 = i32x4.splat(0),
    l3 = i32x4.splat(0),
    l4 = i32x4.splat(0),
    l5 = i32x4.splat(0);
  let h0 = i32x4.splat(0),
    h1 = i32x4.splat(0),
    h2 = i32x4.splat(0),
    h3 = i32x4.splat(0),
    h4 = i32x4.splat(0),
    h5 = i32x4.splat(0);
  const first = weights;
  for (;;) {
    const a1 = a + k,
      a2 = a1 + k,
      a3 = a2 + k,
      a4 = a3 + k,
      a5 = a4 + k;
    if (ASC_FEATURE_RELAXED_SIMD && rows > 4) {
      for (let at: usize = 0; at < k; at += 4) {
        const low = v128.load(weights);
        const high = v128.load(weights, 16);
        weights += 32;
        let x = v128.load32_splat(a + at);
        l0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l0);
        h0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h0);
        x = v128.load32_splat(a1 + at);
        l1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l1);
        h1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h1);
        x = v128.load32_splat(a2 + at);
        l2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l2);
        h2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h2);
        x = v128.load32_splat(a3 + at);
        l3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l3);
        h3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h3);
        x = v128.load32_splat(a4 + at);
        l4 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l4);
        h4 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h4);
        x = v128.load32_splat(a5 + at);
        l5 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l5);
        h5 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h5);
      }
    } else if (ASC_FEATURE_RELAXED_SIMD) {
      // What is left of a text or a picture is seldom six rows.
      for (let at: usize = 0; at < k; at += 4) {
        const low = v128.load(weights);
        const high = v128.load(weights, 16);
        weights += 32;
        let x = v128.load32_splat(a + at);
        l0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l0);
        h0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h0);
        x = v128.load32_splat(a1 + at);
        l1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l1);
        h1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h1);
        x = v128.load32_splat(a2 + at);
        l2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l2);
        h2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h2);
        x = v128.load32_splat(a3 + at);
        l3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l3);
        h3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h3);
      }
    } else {
      for (let at: usize = 0; at < k; at += 2) {
        const pairs = v128.load(weights);
        const low = i16x8.extend_low_i8x16_s(pairs);
        const high = i16x8.extend_high_i8x16_s(pairs);
        weights += 16;
        let x = i16x8.extend_low_i8x16_u(v128.load16_splat(a + at));
        l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
        h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
        x = i16x8.extend_low_i8x16_u(v128.load16_splat(a1 + at));
        l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
        h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
        x = i16x8.extend_low_i8x16_u(v128.load16_splat(a2 + at));
        l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, x));
        h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, x));
        x = i16x8.extend_low_i8x16_u(v128.load16_splat(a3 + at));
        l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, x));
        h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, x));
      }
    }
    if (lowest == 0) break;
    // Once more for the lowest bit.
    l0 = i32x4.shl(l0, 1);
    l1 = i32x4.shl(l1, 1);
    l2 = i32x4.shl(l2, 1);
    l3 = i32x4.shl(l3, 1);
    l4 = i32x4.shl(l4, 1);
    l5 = i32x4.shl(l5, 1);
    h0 = i32x4.shl(h0, 1);
    h1 = i32x4.shl(h1, 1);
    h2 = i32x4.shl(h2, 1);
    h3 = i32x4.shl(h3, 1);
    h4 = i32x4.shl(h4, 1);
    h5 = i32x4.shl(h5, 1);
    a = lowest;
    lowest = 0;
    weights = first;
  }
  for (let row = 0; row < rows; row++) {
    // The sums move up a row at a time: one call of `finishRow` in the code instead of six.
    finishRow(l0, h0, parameters, scales, sums, bias, residual, out, activation);
    l0 = l1;
    l1 = l2;
    l2 = l3;
    l3 = l4;
    l4 = l5;
    h0 = h1;
    h1 = h2;
    h2 = h3;
    h3 = h4;
    h4 = h5;
    parameters += ROW_PARAMETERS;
    out += stride;
    if (residual != 0) residual += stride;
  }
}

/** Takes the zero point out of a row's eight sums, scales them and hands them on. */
function finishRow(
  low: v128,
  high: v128,
  parameters: usize,
  scales: usize,
  sums: usize,
  bias: usize,
  residual: usize,
  out: usize,
  activation: i32,
): void {
  const scale = v128.load32_splat(parameters);
  const zero = v128.load32_splat(parameters, 4);
  low = f32x4.convert_i32x4_s(i32x4.sub(low, i32x4.mul(zero, v128.load(sums))));
  high = f32x4.convert_i32x4_s(i32x4.sub(high, i32x4.mul(zero, v128.load(sums, 16))));
  low = f32x4.mul(low, f32x4.mul(scale, v128.load(scales)));
  high = f32x4.mul(high, f32x4.mul(scale, v128.load(scales, 16)));
  finish(low, bias, residual, out, activation);
  finish(high, bias == 0 ? 0 : bias + 16, residual == 0 ? 0 : residual + 16, out + 16, activation);
}
