/** `activations @ weights` in float32, and what follows it: for the stem, and for models that are not quantized. */
import { finish } from "./finish";

/** Rows of a tile. The caller's activations must be readable up to a whole tile. */
const TILE_ROWS = 4;

/**
 * @param a float32, `rows × k`
 * @param weights float32, `k × columns`
 * @param columns a multiple of 4
 * The rest is as in `matmulInt8`.
 */
export function matmulFloat(
  a: usize,
  weights: usize,
  bias: usize,
  residual: usize,
  out: usize,
  rows: i32,
  columns: i32,
  k: i32,
  activation: i32,
): void {
  const stride = (<usize>columns) << 2;
  for (let column: usize = 0; column < stride; column += 16) {
    for (let row = 0; row < rows; row += TILE_ROWS) {
      const first = <usize>row * stride + column;
      tile(
        a + ((<usize>row * k) << 2),
        weights + column,
        (<usize>k) << 2,
        stride,
        min(rows - row, TILE_ROWS),
        bias == 0 ? 0 : bias + column,
        residual == 0 ? 0 : residual + first,
        out + first,
        activation,
      );
    }
  }
}

function tile(
  a: usize,
  weights: usize,
  k: usize,
  stride: usize,
  rows: i32,
  bias: usize,
  residual: usize,
  out: usize,
  activation: i32,
): void {
  let s0 = f32x4.splat(0),
    s1 = f32x4.splat(0),
    s2 = f32x4.splat(0),
    s3 = f32x4.splat(0);
  const a1 = a + k,
    a2 = a1 + k,
    a3 = a2 + k;
  for (let at: usize = 0; at < k; at += 4) {
    const w = v128.load(weights);
    weights += stride;
    s0 = f32x4.add(s0, f32x4.mul(w, v128.load32_splat(a + at)));
    s1 = f32x4.add(s1, f32x4.mul(w, v128.load32_splat(a1 + at)));
    s2 = f32x4.add(s2, f32x4.mul(w, v128.load32_splat(a2 + at)));
    s3 = f32x4.add(s3, f32x4.mul(w, v128.load32_splat(a3 + at)));
  }
  for (let row = 0; row < rows; row++) {
    finish(bias == 0 ? s0 : f32x4.add(s0, v128.load(bias)), residual, out, activation);
    s0 = s1;
    s1 = s2;
    s2 = s3;
    out += stride;
    if (residual != 0) residual += stride;
  }
}
