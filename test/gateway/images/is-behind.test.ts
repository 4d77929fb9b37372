/** Which picture servers cannot send in time what they may still send. */
import { expect, it } from "vitest";
import { isBehind } from "../../../functions/gateway/images/fetch/is-behind.ts";

const MB = 1_000_000;

it.each([
  ["it has sent nothing, but not for long", 0, 1_999, false],
  ["it has sent nothing for two seconds", 0, 2_000, true],
  ["it has sent half in half of the time", 9 * MB, 5_000, false],
  ["twice as fast as so far would be just enough", 6 * MB, 5_000, false],
  ["twice as fast as so far would not be enough", 6 * MB - 1, 5_000, true],
  ["only little is missing", 17 * MB, 9_000, false],
  ["little time is left for what is missing", 14 * MB, 9_000, true],
  ["all has come", 18 * MB, 10_000, false],
  ["no time is left", 17 * MB, 10_000, true],
])("%s", (_, bytes, waited, expected) => {
  expect(isBehind(bytes, 18 * MB, waited, 10_000)).toBe(expected);
});
