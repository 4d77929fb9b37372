/** Vectors in int8: how far values may be off, and which stay zero. */
import { expect, test } from "vitest";
import { quantizeRow } from "../../functions/vector-stores/quantize-row.ts";
import { random as randomFrom, unitVector } from "../support/random.ts";

test("the largest value is at ±127, and no value is further off than half a step", () => {
  const random = randomFrom(1);
  for (let i = 0; i < 200; i++) {
    const vector = unitVector(1 + Math.floor(random() * 700), random);
    const { ints, scale } = quantizeRow(vector);
    expect(Math.max(...ints.map(Math.abs))).toBe(127);
    expect(scale).toBe(Math.fround(scale));
    for (const [at, value] of vector.entries()) {
      expect(Math.abs(value - (ints[at] ?? 0) * scale)).toBeLessThanOrEqual(0.50001 * scale);
    }
  }
});

test("a vector and its negative are each other's mirror image but for ties", () => {
  const vector = unitVector(64, randomFrom(2));
  const { ints, scale } = quantizeRow(vector);
  expect(quantizeRow(vector.map((value) => -value))).toEqual({ ints: ints.map((value) => -value), scale });
});

test("zeros stay zeros", () => {
  expect(quantizeRow(new Float32Array(4))).toEqual({ ints: new Int8Array(4), scale: 0 });
});

test("values so small that their scale is 0 in float32 are zeros", () => {
  expect(quantizeRow(Float32Array.of(1e-45, 0))).toEqual({ ints: new Int8Array(2), scale: 0 });
});
