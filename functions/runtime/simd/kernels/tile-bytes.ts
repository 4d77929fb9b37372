import { SUMS } from "./low-memory";

/**
 * Six rows × 8 columns by `i32x4.relaxed_dot_i8x16_i7x16_add_s`, for hosts whose dot product takes bytes.
 *
 * One step of K at a time: V8 mixes the instructions of two steps and then has too few registers for the sums. Values
 * are addressed by sums as in `tilePairs`.
 * @param a a tile's activations, layout `bytes`
 * @param weights a panel's, layout `bytes`
 * @param k a multiple of 4
 */
export function tileBytes(a: usize, weights: usize, k: i32): void {
  let l0 = i32x4.splat(0),
    h0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    h1 = i32x4.splat(0),
    l2 = i32x4.splat(0),
    h2 = i32x4.splat(0),
    l3 = i32x4.splat(0),
    h3 = i32x4.splat(0),
    l4 = i32x4.splat(0),
    h4 = i32x4.splat(0),
    l5 = i32x4.splat(0),
    h5 = i32x4.splat(0);
  let low: v128, high: v128, x: v128;
  const end = weights + ((<usize>k) << 3);
  while (weights < end) {
    low = v128.load(weights);
    high = v128.load(weights + 16);
    weights += 32;
    x = v128.load32_splat(a);
    l0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l0);
    h0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h0);
    x = v128.load32_splat(a + 4);
    l1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l1);
    h1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h1);
    x = v128.load32_splat(a + 8);
    l2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l2);
    h2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h2);
    x = v128.load32_splat(a + 12);
    l3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l3);
    h3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h3);
    x = v128.load32_splat(a + 16);
    l4 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l4);
    h4 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h4);
    x = v128.load32_splat(a + 20);
    l5 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l5);
    h5 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h5);
    a += 24;
  }
  v128.store(SUMS, l0);
  v128.store(SUMS, h0, 16);
  v128.store(SUMS, l1, 32);
  v128.store(SUMS, h1, 48);
  v128.store(SUMS, l2, 64);
  v128.store(SUMS, h2, 80);
  v128.store(SUMS, l3, 96);
  v128.store(SUMS, h3, 112);
  v128.store(SUMS, l4, 128);
  v128.store(SUMS, h4, 144);
  v128.store(SUMS, l5, 160);
  v128.store(SUMS, h5, 176);
}

/** The first three rows of a tile only: the last tile of a text or a picture seldom has six. */
export function halfTileBytes(a: usize, weights: usize, k: i32): void {
  let l0 = i32x4.splat(0),
    h0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    h1 = i32x4.splat(0),
    l2 = i32x4.splat(0),
    h2 = i32x4.splat(0);
  let low: v128, high: v128, x: v128;
  const end = weights + ((<usize>k) << 3);
  while (weights < end) {
    low = v128.load(weights);
    high = v128.load(weights + 16);
    weights += 32;
    x = v128.load32_splat(a);
    l0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l0);
    h0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h0);
    x = v128.load32_splat(a + 4);
    l1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l1);
    h1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h1);
    x = v128.load32_splat(a + 8);
    l2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(low, x, l2);
    h2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(high, x, h2);
    a += 24;
  }
  v128.store(SUMS, l0);
  v128.store(SUMS, h0, 16);
  v128.store(SUMS, l1, 32);
  v128.store(SUMS, h1, 48);
  v128.store(SUMS, l2, 64);
  v128.store(SUMS, h2, 80);
}
