/** Causal multi-head attention over one text, float32. */
import { exp, sum } from "./math";

/**
 * `softmax(q kᵀ / √d) v` for each head, every position seeing itself and those before it.
 * @param qkv `length × 3 × width`: queries, keys and values side by side
 * @param out `length × width`
 * @param scores room for `length` values, to a multiple of 4
 * @param width a multiple of 4 × heads
 */
export function attention(qkv: usize, out: usize, scores: usize, length: i32, width: i32, heads: i32): void {
  const head = (<usize>width / heads) << 2;
  const row = (<usize>width) << 2;
  const scale: f32 = 1 / sqrt<f32>(<f32>(width / heads));
  for (let at: usize = 0; at < row; at += head) {
    for (let i = 0; i < length; i++) {
      const query = qkv + <usize>i * 3 * row + at;
      const total = attend(query, qkv + row + at, scores, i + 1, head, 3 * row, scale);
      weighted(scores, qkv + 2 * row + at, out + <usize>i * row + at, i + 1, head, 3 * row, 1 / total);
    }
  }
}

/** Scores as `e^(score − largest)`; returns their sum. */
function attend(
  query: usize,
  keys: usize,
  scores: usize,
  count: i32,
  head: usize,
  stride: usize,
  scale: f32,
): f32 {
  let largest: f32 = -Infinity;
  for (let j = 0; j < count; j++) {
    let product = f32x4.splat(0);
    for (let at: usize = 0; at < head; at += 16) {
      product = f32x4.add(product, f32x4.mul(v128.load(query + at), v128.load(keys + at)));
    }
    const score = sum(product) * scale;
    store<f32>(scores + ((<usize>j) << 2), score);
    largest = max(largest, score);
    keys += stride;
  }
  let total: f32 = 0;
  for (let j = 0; j < count; j++) {
    const at = scores + ((<usize>j) << 2);
    const weight = f32x4.extract_lane(exp(f32x4.splat(load<f32>(at) - largest)), 0);
    store<f32>(at, weight);
    total += weight;
  }
  return total;
}

function weighted(
  scores: usize,
  values: usize,
  out: usize,
  count: i32,
  head: usize,
  stride: usize,
  factor: f32,
): void {
  for (let at: usize = 0; at < head; at += 16) {
    let total = f32x4.splat(0);
    let value = values + at;
    for (let j = 0; j < count; j++) {
      total = f32x4.add(total, f32x4.mul(v128.load32_splat(scores + ((<usize>j) << 2)), v128.load(value)));
      value += stride;
    }
    v128.store(out + at, f32x4.mul(total, f32x4.splat(factor)));
  }
}
