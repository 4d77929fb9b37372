/** Vectors of unit length: rows of a matrix, and a label's from those of its prompts. */
import { expect, test } from "vitest";
import { labelEmbedding } from "../../functions/embed/label-embedding.ts";
import { normalizeRows } from "../../functions/runtime/normalize.ts";

test("rows are scaled to unit length, and zeros stay", () => {
  expect(normalizeRows(Float32Array.of(3, 4, 0, 0, 0, -2), 2)).toEqual(
    Float32Array.of(3 * (1 / 5), 4 * (1 / 5), 0, 0, 0, -1),
  );
});

test("a label's vector is the mean of its prompts', of unit length; a single one is unchanged", () => {
  const [x, y] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
  expect(labelEmbedding([x])).toBe(x);
  const [first = 0, second = 0] = labelEmbedding([x, y, y]);
  expect(first).toBeCloseTo(1 / Math.sqrt(5), 6);
  expect(second).toBeCloseTo(2 / Math.sqrt(5), 6);
  expect(() => labelEmbedding([])).toThrow("prompt");
});
