import { SUMS } from "./low-memory";
import { PAIR_WEIGHTS } from "./layouts";

/**
 * Three rows × 8 columns by `i16x8.relaxed_dot_i8x16_i7x16_s`, for 7-bit activations. Products of four steps of K are
 * added in 16 bits if the weights show that this cannot overflow, else in 32 bits. Both are exact.
 *
 * Activations are addressed by sums, `at + 4`, not by offsets: where V8 checks addresses itself, loads without an offset
 * are all compared with the same bound.
 * @param a a tile's activations, layout `pairs`
 * @param weights a panel's, layout `pairs`
 * @param order the panel's, see `layouts.ts`
 * @param k a multiple of 8
 */
export function tilePairs(a: usize, weights: usize, order: usize, k: i32): void {
  let l0 = i32x4.splat(0),
    h0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    h1 = i32x4.splat(0),
    l2 = i32x4.splat(0),
    h2 = i32x4.splat(0);
  // Loaded from memory: V8 would build a constant vector at every use.
  const ones = v128.load16_splat(order);
  const last = weights + ((<usize>k) << 3);
  const end = weights + <usize>load<u16>(order, 2) * PAIR_WEIGHTS;
  order += 4;
  while (weights < end) {
    const at = a + <usize>load<u16>(order);
    order += 2;
    const low = v128.load(weights);
    const high = v128.load(weights, 16);
    const lowNext = v128.load(weights, 32);
    const highNext = v128.load(weights, 48);
    weights += 64;
    let x = v128.load32_splat(at);
    let y = v128.load32_splat(at + 12);
    l0 = i32x4.add(l0, pair(low, x, lowNext, y, ones));
    h0 = i32x4.add(h0, pair(high, x, highNext, y, ones));
    x = v128.load32_splat(at + 4);
    y = v128.load32_splat(at + 16);
    l1 = i32x4.add(l1, pair(low, x, lowNext, y, ones));
    h1 = i32x4.add(h1, pair(high, x, highNext, y, ones));
    x = v128.load32_splat(at + 8);
    y = v128.load32_splat(at + 20);
    l2 = i32x4.add(l2, pair(low, x, lowNext, y, ones));
    h2 = i32x4.add(h2, pair(high, x, highNext, y, ones));
  }
  while (weights < last) {
    const at = a + <usize>load<u16>(order);
    order += 2;
    const low = v128.load(weights);
    const high = v128.load(weights, 16);
    const lowNext = v128.load(weights, 32);
    const highNext = v128.load(weights, 48);
    weights += 64;
    let x = v128.load32_splat(at);
    l0 = i32x4.add(l0, single(low, x, ones));
    h0 = i32x4.add(h0, single(high, x, ones));
    x = v128.load32_splat(at + 12);
    l0 = i32x4.add(l0, single(lowNext, x, ones));
    h0 = i32x4.add(h0, single(highNext, x, ones));
    x = v128.load32_splat(at + 4);
    l1 = i32x4.add(l1, single(low, x, ones));
    h1 = i32x4.add(h1, single(high, x, ones));
    x = v128.load32_splat(at + 16);
    l1 = i32x4.add(l1, single(lowNext, x, ones));
    h1 = i32x4.add(h1, single(highNext, x, ones));
    x = v128.load32_splat(at + 8);
    l2 = i32x4.add(l2, single(low, x, ones));
    h2 = i32x4.add(h2, single(high, x, ones));
    x = v128.load32_splat(at + 20);
    l2 = i32x4.add(l2, single(lowNext, x, ones));
    h2 = i32x4.add(h2, single(highNext, x, ones));
  }
  v128.store(SUMS, l0);
  v128.store(SUMS, h0, 16);
  v128.store(SUMS, l1, 32);
  v128.store(SUMS, h1, 48);
  v128.store(SUMS, l2, 64);
  v128.store(SUMS, h2, 80);
}

function pair(w: v128, x: v128, wNext: v128, y: v128, ones: v128): v128 {
  return i32x4.dot_i16x8_s(
    i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), i16x8.relaxed_dot_i8x16_i7x16_s(wNext, y)),
    ones,
  );
}

function single(w: v128, x: v128, ones: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), ones);
}
