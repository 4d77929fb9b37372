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
