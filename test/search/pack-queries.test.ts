/** Queries as integers: where each value is, and that no sum of products overflows. */
import { describe, expect, test } from "vitest";
import { packQueries } from "../../functions/search/pack-queries.ts";
import { random as randomFrom, unitVector } from "../support/random.ts";

const WIDTH = 40;
/** Rows are filled up to 48 values. */
const ROW = 48;
const STEP = 8;

/** Members of the group that a query is in, as the kernel takes them. */
function groupOf(query: number, count: number): { first: number; size: number } {
  const first = 4 * Math.floor(query / 4);
  return { first, size: Math.min(4, count - first) };
}

function valueAt({ ints, scales, count }: ReturnType<typeof packQueries>, query: number, i: number): number {
  const { first, size } = groupOf(query, count);
  const at = first * ROW + (Math.floor(i / STEP) * size + (query - first)) * STEP + (i % STEP);
  return (ints[at] ?? NaN) * (scales[query] ?? NaN);
}

describe.each([
  [1, 1],
  [2, 2],
  [3, 4],
  [4, 4],
  [5, 6],
  [6, 6],
  [7, 8],
  [32, 32],
])("%i queries", (given, count) => {
  const random = randomFrom(given);
  const queries = Array.from({ length: given }, () => unitVector(WIDTH, random));
  const packed = packQueries(queries, WIDTH);

  test(`are ${count}, each value where the kernel reads it`, () => {
    expect(packed.count).toBe(count);
    expect(packed.ints).toHaveLength(count * ROW);
    expect(packed.scales).toHaveLength(count);
    for (let query = 0; query < count; query++) {
      const expected = queries[query] ?? queries.at(-1);
      for (const [i, value] of (expected ?? []).entries()) {
        expect(Math.abs(valueAt(packed, query, i) - value)).toBeLessThan(2e-5);
      }
      for (let i = WIDTH; i < ROW; i++) expect(valueAt(packed, query, i)).toBe(0);
    }
  });
});

test("a query of zeros has the scale 0", () => {
  const packed = packQueries([new Float32Array(WIDTH)], WIDTH);
  expect(packed.scales).toEqual(Float32Array.of(0));
  expect(packed.ints.every((value) => value === 0)).toBe(true);
});

test("the largest value of a query, positive or negative, has all bits that int16 has", () => {
  for (const sign of [1, -1]) {
    const query = new Float32Array(WIDTH);
    query[7] = sign;
    expect(packQueries([query], WIDTH).ints[7]).toBe(sign * 32_767);
  }
});

test("no sum of products with a row of 127 overflows, and it uses all of int32 but for rounding", () => {
  for (const width of [640, 1_024, 4_096]) {
    const query = new Float32Array(width).fill(1 / Math.sqrt(width));
    const sum = packQueries([query], width).ints.reduce((total, value) => total + Math.abs(value), 0);
    expect(127 * sum).toBeLessThan(2 ** 31);
    // Rounding may take less than one from each value.
    expect(sum).toBeGreaterThan(Math.floor((2 ** 31 - 1) / 127) - width);
  }
});
