/** Finishes a matrix product: scales, bias, activation, residual, store. */
import { SUMS } from "./low-memory";
import { clampedGelu, erfGelu, quickGelu } from "./math";
import { ROW_PARAMETERS } from "./quantize";

/** `activation` of the matmuls. */
const TANH_GELU = 1;
const ERF_GELU = 2;
const QUICK_GELU = 3;

/**
 * Removes the zero point from the sums of `rows` rows × 8 columns, scales them and calls `finish`.
 * @param parameters of the rows
 * @param scales, sums, bias of the columns
 * @param stride bytes from a row of `out`, and of `residual`, to the next
 */
export function finishTile(
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
  const lowSums = v128.load(sums);
  const highSums = v128.load(sums, 16);
  const lowScales = v128.load(scales);
  const highScales = v128.load(scales, 16);
  let lowBias = i32x4.splat(0);
  let highBias = i32x4.splat(0);
  if (bias != 0) {
    lowBias = v128.load(bias);
    highBias = v128.load(bias, 16);
  }
  const end = SUMS + ((<usize>rows) << 5);
  for (let at = SUMS; at < end; at += 32) {
    const scale = v128.load32_splat(parameters);
    const zero = v128.load32_splat(parameters, 4);
    let low = i32x4.sub(v128.load(at), i32x4.mul(zero, lowSums));
    let high = i32x4.sub(v128.load(at, 16), i32x4.mul(zero, highSums));
    low = f32x4.mul(f32x4.convert_i32x4_s(low), f32x4.mul(scale, lowScales));
    high = f32x4.mul(f32x4.convert_i32x4_s(high), f32x4.mul(scale, highScales));
    if (bias != 0) {
      low = f32x4.add(low, lowBias);
      high = f32x4.add(high, highBias);
    }
    finish(low, residual, out, activation);
    finish(high, residual == 0 ? 0 : residual + 16, out + 16, activation);
    parameters += ROW_PARAMETERS;
    out += stride;
    if (residual != 0) residual += stride;
  }
}

/**
 * Stores four outputs.
 * @param product with its bias
 * @param residual pointer to what is added after the activation; 0 if there is none
 */
export function finish(product: v128, residual: usize, out: usize, activation: i32): void {
  let y = product;
  if (activation == TANH_GELU) y = clampedGelu(y);
  else if (activation == ERF_GELU) y = erfGelu(y);
  else if (activation == QUICK_GELU) y = quickGelu(y);
  if (residual != 0) y = f32x4.add(v128.load(residual), y);
  v128.store(out, y);
}

/**
 * Applies only the activation, in place: for a product that was summed in several calls. @param count a multiple of 4
 */
export function activate(values: usize, count: i32, activation: i32): void {
  const end = values + ((<usize>count) << 2);
  for (let at = values; at < end; at += 16) finish(v128.load(at), 0, at, activation);
}
