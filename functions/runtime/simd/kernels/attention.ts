/**
 * Multi-head attention over one text or one picture, float32. Four queries are computed at a time, so only four rows of
 * a head's scores are in memory, whatever the number of positions.
 */
import { exp, sum } from "./math";

/** Queries that are computed together. With 8 keys or channels, their sums leave enough of the 16 registers free. */
const QUERIES = 4;
const COLUMNS = 8;

/**
 * `softmax(q kᵀ / √d) v` for each head.
 * @param qkv `length × 3 × width`: queries, keys and values side by side
 * @param out `length × width`
 * @param scratch a head's keys, transposed, and four queries' scores: `(d + 4) × length` values, the length rounded up to
 * a multiple of 8
 * @param width a multiple of 8 × heads
 * @param causal 1 if a position sees itself and those before it, 0 if it sees all
 */
export function attention(
  qkv: usize,
  out: usize,
  scratch: usize,
  length: i32,
  width: i32,
  heads: i32,
  causal: i32,
): void {
  const head = (<usize>width / heads) << 2;
  const row = (<usize>width) << 2;
  const scale: f32 = 1 / sqrt<f32>(<f32>(width / heads));
  const padded = (<usize>((length + COLUMNS - 1) & ~(COLUMNS - 1))) << 2;
  const scores = scratch + (head >> 2) * padded;
  for (let at: usize = 0; at < row; at += head) {
    transposeKeys(qkv + row + at, scratch, length, head, 3 * row, padded);
    for (let first = 0; first < length; first += QUERIES) {
      const queries = min(QUERIES, length - first);
      const seen = causal != 0 ? first + queries : length;
      // If there are fewer than four queries, the last one is repeated.
      const query = qkv + <usize>first * 3 * row + at;
      const last = query + <usize>(queries - 1) * 3 * row;
      const q1 = min(query + 3 * row, last);
      const q2 = min(query + 6 * row, last);
      const q3 = min(query + 9 * row, last);
      for (let j: usize = 0; j < (<usize>seen) << 2; j += 4 * COLUMNS) {
        scoreTile(query, q1, q2, q3, scratch + j, scores + j, head, padded, scale);
      }
      const t0 = softmax(scores, causal != 0 ? first + 1 : seen, seen);
      const t1 = softmax(scores + padded, causal != 0 ? min(first + 2, seen) : seen, seen);
      const t2 = softmax(scores + 2 * padded, causal != 0 ? min(first + 3, seen) : seen, seen);
      const t3 = softmax(scores + 3 * padded, seen, seen);
      const to = out + <usize>first * row + at;
      const values = qkv + 2 * row + at;
      for (let channel: usize = 0; channel < head; channel += 4 * COLUMNS) {
        valueTile(
          scores,
          values + channel,
          to + channel,
          seen,
          padded,
          3 * row,
          row,
          queries,
          1 / t0,
          1 / t1,
          1 / t2,
          1 / t3,
        );
      }
    }
  }
}

/** Transposes a head's keys from `length × d` to `d × length`; each row is filled up with zeros to `padded` bytes. */
function transposeKeys(
  keys: usize,
  target: usize,
  length: i32,
  head: usize,
  stride: usize,
  padded: usize,
): void {
  const whole = (<usize>(length & ~3)) << 2;
  for (let at: usize = 0; at < head; at += 16) {
    let from = keys + at;
    const to = target + (at >> 2) * padded;
    let j: usize = 0;
    for (; j < whole; j += 16) {
      const a = v128.load(from);
      const b = v128.load(from + stride);
      const c = v128.load(from + 2 * stride);
      const d = v128.load(from + 3 * stride);
      from += 4 * stride;
      const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
      const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
      v128.store(to + j, v128.shuffle<i32>(abLow, cdLow, 0, 1, 4, 5));
      v128.store(to + j + padded, v128.shuffle<i32>(abLow, cdLow, 2, 3, 6, 7));
      v128.store(to + j + 2 * padded, v128.shuffle<i32>(abHigh, cdHigh, 0, 1, 4, 5));
      v128.store(to + j + 3 * padded, v128.shuffle<i32>(abHigh, cdHigh, 2, 3, 6, 7));
    }
    for (; j < padded; j += 4) {
      const exists = j < (<usize>length) << 2;
      for (let channel: usize = 0; channel < 4; channel++) {
        store<f32>(to + j + channel * padded, exists ? load<f32>(from + (channel << 2)) : 0);
      }
      from += stride;
    }
  }
}

/** Four queries × eight keys. @param stride bytes from a row of `keys`, and of `scores`, to the next */
function scoreTile(
  q0: usize,
  q1: usize,
  q2: usize,
  q3: usize,
  keys: usize,
  scores: usize,
  head: usize,
  stride: usize,
  scale: f32,
): void {
  let l0 = f32x4.splat(0),
    h0 = f32x4.splat(0),
    l1 = f32x4.splat(0),
    h1 = f32x4.splat(0),
    l2 = f32x4.splat(0),
    h2 = f32x4.splat(0),
    l3 = f32x4.splat(0),
    h3 = f32x4.splat(0);
  for (let at: usize = 0; at < head; at += 4) {
    const low = v128.load(keys);
    const high = v128.load(keys, 16);
    keys += stride;
    let x = v128.load32_splat(q0 + at);
    l0 = f32x4.add(l0, f32x4.mul(low, x));
    h0 = f32x4.add(h0, f32x4.mul(high, x));
    x = v128.load32_splat(q1 + at);
    l1 = f32x4.add(l1, f32x4.mul(low, x));
    h1 = f32x4.add(h1, f32x4.mul(high, x));
    x = v128.load32_splat(q2 + at);
    l2 = f32x4.add(l2, f32x4.mul(low, x));
    h2 = f32x4.add(h2, f32x4.mul(high, x));
    x = v128.load32_splat(q3 + at);
    l3 = f32x4.add(l3, f32x4.mul(low, x));
    h3 = f32x4.add(h3, f32x4.mul(high, x));
  }
  const factor = f32x4.splat(scale);
  v128.store(scores, f32x4.mul(l0, factor));
  v128.store(scores, f32x4.mul(h0, factor), 16);
  scores += stride;
  v128.store(scores, f32x4.mul(l1, factor));
  v128.store(scores, f32x4.mul(h1, factor), 16);
  scores += stride;
  v128.store(scores, f32x4.mul(l2, factor));
  v128.store(scores, f32x4.mul(h2, factor), 16);
  scores += stride;
  v128.store(scores, f32x4.mul(l3, factor));
  v128.store(scores, f32x4.mul(h3, factor), 16);
}

/**
 * Replaces scores by `e^(score − largest)`, in place.
 * @param count number of scores that count; the others become 0
 * @param seen number of scores in the row
 * @returns their sum
 */
function softmax(scores: usize, count: i32, seen: i32): f32 {
  const end = scores + ((<usize>((seen + 3) & ~3)) << 2);
  const behind = scores + ((<usize>count) << 2);
  for (let at = behind; at < end; at += 4) store<f32>(at, -Infinity);
  let most = v128.load(scores);
  for (let at = scores + 16; at < end; at += 16) most = f32x4.max(most, v128.load(at));
  const largest = f32x4.splat(
    max(
      max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
      max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
    ),
  );
  // Each score that does not count adds e⁻⁸⁷, the smallest value of `exp`, to a sum that is at least 1.
  let total = f32x4.splat(0);
  for (let at = scores; at < end; at += 16) {
    const weight = exp(f32x4.sub(v128.load(at), largest));
    v128.store(at, weight);
    total = f32x4.add(total, weight);
  }
  for (let at = behind; at < end; at += 4) store<f32>(at, 0);
  return sum(total);
}

/**
 * Four queries × eight channels of the weighted values.
 * @param scores scores of the queries, `padded` bytes from one query's to the next
 * @param stride bytes from a position's values to the next position's
 * @param row bytes from a row of `out` to the next
 * @param queries number of the four queries that are stored
 */
function valueTile(
  scores: usize,
  values: usize,
  out: usize,
  seen: i32,
  padded: usize,
  stride: usize,
  row: usize,
  queries: i32,
  f0: f32,
  f1: f32,
  f2: f32,
  f3: f32,
): void {
  let l0 = f32x4.splat(0),
    h0 = f32x4.splat(0),
    l1 = f32x4.splat(0),
    h1 = f32x4.splat(0),
    l2 = f32x4.splat(0),
    h2 = f32x4.splat(0),
    l3 = f32x4.splat(0),
    h3 = f32x4.splat(0);
  const s1 = scores + padded,
    s2 = s1 + padded,
    s3 = s2 + padded;
  const end = (<usize>seen) << 2;
  for (let at: usize = 0; at < end; at += 4) {
    const low = v128.load(values);
    const high = v128.load(values, 16);
    values += stride;
    let x = v128.load32_splat(scores + at);
    l0 = f32x4.add(l0, f32x4.mul(low, x));
    h0 = f32x4.add(h0, f32x4.mul(high, x));
    x = v128.load32_splat(s1 + at);
    l1 = f32x4.add(l1, f32x4.mul(low, x));
    h1 = f32x4.add(h1, f32x4.mul(high, x));
    x = v128.load32_splat(s2 + at);
    l2 = f32x4.add(l2, f32x4.mul(low, x));
    h2 = f32x4.add(h2, f32x4.mul(high, x));
    x = v128.load32_splat(s3 + at);
    l3 = f32x4.add(l3, f32x4.mul(low, x));
    h3 = f32x4.add(h3, f32x4.mul(high, x));
  }
  storeScaled(out, l0, h0, f0);
  if (queries > 1) storeScaled(out + row, l1, h1, f1);
  if (queries > 2) storeScaled(out + 2 * row, l2, h2, f2);
  if (queries > 3) storeScaled(out + 3 * row, l3, h3, f3);
}

function storeScaled(out: usize, low: v128, high: v128, factor: f32): void {
  const by = f32x4.splat(factor);
  v128.store(out, f32x4.mul(low, by));
  v128.store(out, f32x4.mul(high, by), 16);
}
