/**
 * Compares rows with queries: int8 × int16, summed in int32. Queries are scaled so that no sum overflows
 * (`pack-queries.ts` has the proof).
 *
 * One row at a time, from its beginning to its end: memory is read once and in order, so that one query costs little
 * more than a plain read. (Several rows at once, to load a query's values once for all of them, take up to four times as
 * long in V8.) With more queries, a row's values are widened once for four or two of them; these have their values
 * interleaved, eight by eight, so that they are read in order too.
 */

/** Lowest finite float32: no score that is not a number reaches a threshold. */
const LOWEST: f32 = -3.4028234663852886e38;

/**
 * Picks the rows whose best score reaches a threshold. A score is (sum × the query's scale) × the row's scale.
 * @param rows int8, `count × rowBytes`
 * @param rowBytes a multiple of 16
 * @param scales float32, one a row
 * @param queries int16, `queryCount × rowBytes`: one query, or groups of four and at last perhaps of two
 * @param queryScales float32, one a query
 * @param queryCount 1 or even
 * @param live a bit a row, the first the least significant; rows whose bit is 0 are left out
 * @param picked u32 place of the row and float32 score, of each row that is picked; room for `count` of them
 * @returns number of rows picked
 */
export function scan(
  rows: usize,
  rowBytes: usize,
  count: i32,
  scales: usize,
  queries: usize,
  queryScales: usize,
  queryCount: i32,
  live: usize,
  threshold: f32,
  picked: usize,
): i32 {
  const begin = picked;
  for (let row = 0; row < count; row++, rows += rowBytes, scales += 4) {
    if ((((<i32>load<u8>(live + (row >> 3))) >> (row & 7)) & 1) == 0) continue;
    // Each of the two functions is called here alone, so that the compiler puts its code here.
    const best =
      queryCount == 1
        ? <f32>one(rows, rowBytes, queries) * load<f32>(queryScales)
        : bestOf(rows, rowBytes, queries, queryScales, queryCount);
    const score = best * load<f32>(scales);
    if (score >= threshold) {
      store<i32>(picked, row);
      store<f32>(picked, score, 4);
      picked += 8;
    }
  }
  return <i32>((picked - begin) >> 3);
}

/** A row's best score with several queries, before its own scale. */
function bestOf(row: usize, rowBytes: usize, query: usize, scale: usize, left: i32): f32 {
  let best = LOWEST;
  for (; left >= 4; left -= 4, query += rowBytes << 3, scale += 16) {
    best = max(best, bestOfFour(row, rowBytes, query, scale));
  }
  return left == 0 ? best : max(best, bestOfTwo(row, rowBytes, query, scale));
}

function one(row: usize, rowBytes: usize, query: usize): i32 {
  let even = i32x4.splat(0);
  let odd = even;
  for (const end = row + rowBytes; row < end; row += 16, query += 32) {
    even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load_ext<i8>(row), v128.load(query)));
    odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load_ext<i8>(row, 8), v128.load(query, 16)));
  }
  const lanes = i32x4.add(even, odd);
  const pairs = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

function bestOfTwo(row: usize, rowBytes: usize, query: usize, scale: usize): f32 {
  let a = i32x4.splat(0);
  let b = a;
  for (const end = row + rowBytes; row < end; row += 16, query += 64) {
    let values = v128.load_ext<i8>(row);
    a = i32x4.add(a, i32x4.dot_i16x8_s(values, v128.load(query)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(values, v128.load(query, 16)));
    values = v128.load_ext<i8>(row, 8);
    a = i32x4.add(a, i32x4.dot_i16x8_s(values, v128.load(query, 32)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(values, v128.load(query, 48)));
  }
  const pairs = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const sums = i32x4.add(pairs, v128.shuffle<i32>(pairs, pairs, 2, 3, 0, 1));
  return max(
    <f32>i32x4.extract_lane(sums, 0) * load<f32>(scale),
    <f32>i32x4.extract_lane(sums, 1) * load<f32>(scale, 4),
  );
}

function bestOfFour(row: usize, rowBytes: usize, query: usize, scale: usize): f32 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (const end = row + rowBytes; row < end; row += 16, query += 128) {
    let values = v128.load_ext<i8>(row);
    a = i32x4.add(a, i32x4.dot_i16x8_s(values, v128.load(query)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(values, v128.load(query, 16)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(values, v128.load(query, 32)));
    d = i32x4.add(d, i32x4.dot_i16x8_s(values, v128.load(query, 48)));
    values = v128.load_ext<i8>(row, 8);
    a = i32x4.add(a, i32x4.dot_i16x8_s(values, v128.load(query, 64)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(values, v128.load(query, 80)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(values, v128.load(query, 96)));
    d = i32x4.add(d, i32x4.dot_i16x8_s(values, v128.load(query, 112)));
  }
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
  const scores = f32x4.mul(f32x4.convert_i32x4_s(sums), v128.load(scale));
  const halves = f32x4.max(scores, v128.shuffle<i32>(scores, scores, 2, 3, 0, 1));
  return max(f32x4.extract_lane(halves, 0), f32x4.extract_lane(halves, 1));
}
