/** Pauses that double. */
import { expect, test } from "vitest";
import { exponentialBackoff } from "../../functions/runtime/background-work.ts";

test.each([
  [0, 5],
  [1, 10],
  [2, 20],
  [3, 40],
  [4, 60],
  [1_100, 60],
])("after %i tries, a pause of 5 that doubles up to 60 is %i", (tries, pause) => {
  expect(exponentialBackoff(5, 60, tries)).toBe(pause);
});
