/** Where the things of an account are in R2. */
import { expect, test } from "vitest";
import { accountPath } from "../../functions/runtime/account-marks.ts";

test("a path cannot be another account's", () => {
  expect(accountPath("a/b c", "vs_1")).toBe("a%2Fb%20c/vs_1");
});
