/** The best rows of a search, kept one by one: thresholds, equal scores and order. */
import { expect, test } from "vitest";
import { BestRows } from "../../functions/search/best-rows.ts";

test("the lowest threshold lets an opposite row through, whose score may be a little less than -1", () => {
  const best = new BestRows(10, -1);
  best.offer(1, Math.fround(-1.0004));
  expect(best.rows).toHaveLength(1);
});

test("a score that is equal to the threshold is not below it by rounding", () => {
  const best = new BestRows(10, 0.3);
  best.offer(1, Math.fround(0.3));
  best.offer(2, Math.fround(0.2999));
  expect(best.rows.map(({ number }) => number)).toEqual([1]);
});

test("as many rows as there is room for, the best first, of equal ones the lower number", () => {
  const best = new BestRows(3, null);
  for (const [number, score] of [
    [5, 0.5],
    [9, 0.9],
    [4, 0.5],
    [6, 0.5],
    [1, 0.1],
    [7, 0.7],
  ] as const) {
    best.offer(number, score);
  }
  expect(best.rows).toEqual([
    { number: 9, score: 0.9 },
    { number: 7, score: 0.7 },
    { number: 4, score: 0.5 },
  ]);
  expect(best.threshold).toBe(0.5);
});

test("the threshold is the lowest score among the best once there is no room, and the bound before", () => {
  const best = new BestRows(2, 0.25);
  expect(best.threshold).toBe(0.25);
  best.offer(1, 0.9);
  expect(best.threshold).toBe(0.25);
  best.offer(2, 0.5);
  expect(best.threshold).toBe(0.5);
  best.offer(3, 0.5);
  best.offer(0, 0.5);
  expect(best.rows.map(({ number }) => number)).toEqual([1, 0]);
});

test.each([
  [null, -3.4e38],
  [-1, -3.4e38],
  [-1.5, -3.4e38],
])("without a bound above -1 (%s) every finite score counts, and NaN does not", (least, lowest) => {
  const best = new BestRows(2, least);
  expect(best.threshold).toBeLessThanOrEqual(lowest);
  expect(Number.isFinite(best.threshold)).toBe(true);
  best.offer(1, NaN);
  best.offer(2, -2);
  expect(best.rows).toEqual([{ number: 2, score: -2 }]);
});

test("nothing is kept without room", () => {
  const best = new BestRows(0, null);
  best.offer(1, 1);
  expect(best.rows).toEqual([]);
});
