import { SUMS } from "./low-memory";

/**
 * Four rows × 8 columns by `i32x4.dot_i16x8_s`: weights are widened as they are loaded, activations are int16 in memory.
 * @param a a tile's activations, layout `wide`
 * @param weights a panel's, layout `wide`
 * @param k a multiple of 4
 */
export function tileWide(a: usize, weights: usize, k: i32): void {
  let l0 = i32x4.splat(0),
    h0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    h1 = i32x4.splat(0),
    l2 = i32x4.splat(0),
    h2 = i32x4.splat(0),
    l3 = i32x4.splat(0),
    h3 = i32x4.splat(0);
  let low: v128, high: v128, x: v128;
  const end = weights + ((<usize>k) << 3);
  // Two steps of K at a time; the same few offsets in each, so that V8 computes their addresses' bases once.
  while (weights < end) {
    low = v128.load_ext<i8>(weights);
    high = v128.load_ext<i8>(weights, 8);
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 8);
    l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, x));
    h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 12);
    l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, x));
    h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, x));
    weights += 16;
    a += 16;

    low = v128.load_ext<i8>(weights);
    high = v128.load_ext<i8>(weights, 8);
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 8);
    l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, x));
    h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 12);
    l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, x));
    h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, x));
    weights += 16;
    a += 16;
  }
  v128.store(SUMS, l0);
  v128.store(SUMS, h0, 16);
  v128.store(SUMS, l1, 32);
  v128.store(SUMS, h1, 48);
  v128.store(SUMS, l2, 64);
  v128.store(SUMS, h2, 80);
  v128.store(SUMS, l3, 96);
  v128.store(SUMS, h3, 112);
}

/** The first two rows of a tile only. */
export function halfTileWide(a: usize, weights: usize, k: i32): void {
  let l0 = i32x4.splat(0),
    h0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    h1 = i32x4.splat(0);
  let low: v128, high: v128, x: v128;
  const end = weights + ((<usize>k) << 3);
  // Two steps of K at a time; the same few offsets in each, so that V8 computes their addresses' bases once.
  while (weights < end) {
    low = v128.load_ext<i8>(weights);
    high = v128.load_ext<i8>(weights, 8);
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    weights += 16;
    a += 16;

    low = v128.load_ext<i8>(weights);
    high = v128.load_ext<i8>(weights, 8);
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    weights += 16;
    a += 16;
  }
  v128.store(SUMS, l0);
  v128.store(SUMS, h0, 16);
  v128.store(SUMS, l1, 32);
  v128.store(SUMS, h1, 48);
}

/**
 * As `tileWide`, but also stores the widened weights for the tiles that follow. A separate pass that only widens would
 * wait for memory.
 * @param widened where the weights are stored as int16, `16 × k` bytes
 */
export function tileWidening(a: usize, weights: usize, widened: usize, k: i32): void {
  let l0 = i32x4.splat(0),
    h0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    h1 = i32x4.splat(0),
    l2 = i32x4.splat(0),
    h2 = i32x4.splat(0),
    l3 = i32x4.splat(0),
    h3 = i32x4.splat(0);
  let low: v128, high: v128, x: v128;
  const end = weights + ((<usize>k) << 3);
  // Two steps of K at a time; the same few offsets in each, so that V8 computes their addresses' bases once.
  while (weights < end) {
    low = v128.load_ext<i8>(weights);
    high = v128.load_ext<i8>(weights, 8);
    v128.store(widened, low);
    v128.store(widened, high, 16);
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 8);
    l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, x));
    h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 12);
    l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, x));
    h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, x));
    weights += 16;
    a += 16;

    low = v128.load_ext<i8>(weights);
    high = v128.load_ext<i8>(weights, 8);
    v128.store(widened, low, 32);
    v128.store(widened, high, 48);
    widened += 64;
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 8);
    l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, x));
    h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 12);
    l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, x));
    h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, x));
    weights += 16;
    a += 16;
  }
  v128.store(SUMS, l0);
  v128.store(SUMS, h0, 16);
  v128.store(SUMS, l1, 32);
  v128.store(SUMS, h1, 48);
  v128.store(SUMS, l2, 64);
  v128.store(SUMS, h2, 80);
  v128.store(SUMS, l3, 96);
  v128.store(SUMS, h3, 112);
}

/** As `tileWide`, with weights that `tileWidening` has widened. */
export function tileWidened(a: usize, weights: usize, k: i32): void {
  let l0 = i32x4.splat(0),
    h0 = i32x4.splat(0),
    l1 = i32x4.splat(0),
    h1 = i32x4.splat(0),
    l2 = i32x4.splat(0),
    h2 = i32x4.splat(0),
    l3 = i32x4.splat(0),
    h3 = i32x4.splat(0);
  let low: v128, high: v128, x: v128;
  const end = weights + ((<usize>k) << 4);
  while (weights < end) {
    low = v128.load(weights);
    high = v128.load(weights, 16);
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 8);
    l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, x));
    h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 12);
    l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, x));
    h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, x));
    a += 16;
    low = v128.load(weights, 32);
    high = v128.load(weights, 48);
    x = v128.load32_splat(a);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(low, x));
    h0 = i32x4.add(h0, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(low, x));
    h1 = i32x4.add(h1, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 8);
    l2 = i32x4.add(l2, i32x4.dot_i16x8_s(low, x));
    h2 = i32x4.add(h2, i32x4.dot_i16x8_s(high, x));
    x = v128.load32_splat(a, 12);
    l3 = i32x4.add(l3, i32x4.dot_i16x8_s(low, x));
    h3 = i32x4.add(h3, i32x4.dot_i16x8_s(high, x));
    a += 16;
    weights += 64;
  }
  v128.store(SUMS, l0);
  v128.store(SUMS, h0, 16);
  v128.store(SUMS, l1, 32);
  v128.store(SUMS, h1, 48);
  v128.store(SUMS, l2, 64);
  v128.store(SUMS, h2, 80);
  v128.store(SUMS, l3, 96);
  v128.store(SUMS, h3, 112);
}
