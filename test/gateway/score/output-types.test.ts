/** Vectors in fewer bytes, and sums of vectors, at the values where they change. */
import { expect, test } from "vitest";
import { mixVectors } from "../../../functions/gateway/vectors/mix-vectors.ts";
import { OUTPUT_TYPES, int8Scale, toBytes } from "../../../functions/gateway/vectors/output-type.ts";

const bits = (bytes: Iterable<number>): string[] =>
  [...bytes].map((byte) => (byte & 0xff).toString(2).padStart(8, "0"));

test("the types of an answer's vectors", () => {
  expect(OUTPUT_TYPES).toEqual(["float", "int8", "uint8", "binary", "ubinary"]);
});

test.each([
  [0, 0],
  [0.5, 127],
  [-0.5, -127],
  [1, 127],
  [-1, -127],
  // Halves are rounded upward, and nothing is cut off.
  [0.5 / 127, 1],
  [0.74 / 127, 1],
  [0.76 / 127, 2],
  [-0.74 / 127, -1],
  [-0.76 / 127, -2],
])("%f with the scale 0.5 is %i in int8, and 128 more in uint8", (value, expected) => {
  const vector = Float32Array.of(value);
  expect(toBytes(vector, "int8", 0.5)).toEqual(Int8Array.of(expected));
  expect(toBytes(vector, "uint8", 0.5)).toEqual(Uint8Array.of(expected + 128));
});

test("a bit says whether a value is above zero, the first value in the highest bit", () => {
  const vector = Float32Array.of(1e-9, -1, 0, 1, -1e-9, -0, 1, 1, -1, 0.5);
  const ubinary = toBytes(vector, "ubinary", 1);
  expect(ubinary).toBeInstanceOf(Uint8Array);
  expect(bits(ubinary)).toEqual(["10010011", "01000000"]);
  const binary = toBytes(vector, "binary", 1);
  expect(binary).toEqual(Int8Array.of(0b10010011 - 128, 0b01000000 - 128));
});

test.each([
  [1, 1],
  [8, 1],
  [9, 2],
  [640, 80],
])("%i values are %i bytes of bits", (width, bytes) => {
  expect(toBytes(new Float32Array(width).fill(1), "ubinary", 1)).toHaveLength(bytes);
});

test("a model's own scale, or four standard deviations of evenly spread values", () => {
  expect(int8Scale({ embedding_width: 640, int8_scale: 0.2 })).toBe(0.2);
  expect(int8Scale({ embedding_width: 64 })).toBe(0.5);
});

const X = Float32Array.of(1, 0);
const Y = Float32Array.of(0, 1);

test.each([
  ["equal weights", [1, 1], [Math.SQRT1_2, Math.SQRT1_2]],
  ["only ratios", [3e30, 4e30], [0.6, 0.8]],
  ["weights whose squares would be zero", [3e-300, 4e-300], [0.6, 0.8]],
  ["a negative weight, which is the largest", [0.3, -0.4], [0.6, -0.8]],
  ["weights that are all negative", [-3, -4], [-0.6, -0.8]],
  ["a weight of zero", [0, 2], [0, 1]],
])("a mix has unit length: %s", (_, [x = 0, y = 0], expected) => {
  const mix = mixVectors([
    { vector: X, weight: x },
    { vector: Y, weight: y },
  ]);
  expect(mix).toBeInstanceOf(Float32Array);
  expect([...(mix ?? [])]).toEqual(expected.map((value) => Math.fround(value)));
});

test.each([
  ["weights of zero", [0, 0], X],
  ["opposite weights", [2, -2], X],
  ["what float32 leaves of a difference", [1, -1], Float32Array.of(1 - 2 ** -22, 0)],
])("has no direction: %s", (_, [first = 0, second = 0], other) => {
  expect(
    mixVectors([
      { vector: X, weight: first },
      { vector: other, weight: second },
    ]),
  ).toBeUndefined();
});

test("a sum that is short, but more than what rounding leaves, has a direction", () => {
  const mix = mixVectors([
    { vector: X, weight: 1 },
    { vector: Float32Array.of(1 - 2 ** -18, 0), weight: -1 },
  ]);
  expect(mix).toEqual(X);
});

test("nothing has no direction", () => {
  expect(mixVectors([])).toBeUndefined();
});
