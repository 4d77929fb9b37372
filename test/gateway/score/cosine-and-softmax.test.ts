/** The sums behind every score, compared with the simplest way to write them. */
import { expect, it } from "vitest";
import { cosineOfUnit, cosinesWithRows } from "../../../functions/runtime/cosine-of-unit.ts";
import { logMeanExp, sigmoid } from "../../../functions/gateway/score/softmax.ts";
import { random, unitVector } from "../../support/random.ts";

/** Tolerance: the float64 sums are in another order. */
const DIGITS = 12;

it.each([1, 2, 3, 4, 5, 7, 8, 64, 641])("a cosine of %i values is the sum of products", (width) => {
  const next = random(width);
  const image = unitVector(width, next);
  const rows = Array.from({ length: 5 }, () => unitVector(width, next));
  const wanted = rows.map((row) => row.reduce((sum, value, i) => sum + value * (image[i] ?? 0), 0));
  const matrix = Float32Array.from(rows.flatMap((row) => [...row]));
  const cosines = cosinesWithRows(image, matrix);
  expect(cosines).toHaveLength(rows.length);
  for (const [i, value] of wanted.entries()) {
    const clamped = Math.max(-1, Math.min(1, value));
    expect(cosines[i]).toBeCloseTo(clamped, DIGITS);
    expect(cosineOfUnit(image, rows[i] ?? image)).toBeCloseTo(clamped, DIGITS);
  }
});

it.each([-30, -2, -0.1, 0, 0.1, 2, 30])("sigmoid(%d) is 1 / (1 + exp(-x))", (x) => {
  expect(sigmoid(x)).toBeCloseTo(1 / (1 + Math.exp(-x)), DIGITS);
});

it("sigmoid and logMeanExp stay finite far out", () => {
  expect([sigmoid(-1000), sigmoid(1000)]).toEqual([0, 1]);
  expect(logMeanExp([1000, -1000])).toBeCloseTo(1000 - Math.LN2, DIGITS);
  expect(logMeanExp([-1000, -1001])).toBeCloseTo(-1000 + Math.log((1 + Math.exp(-1)) / 2), DIGITS);
});
