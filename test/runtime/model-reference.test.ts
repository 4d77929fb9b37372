/** Which texts name a model, and what they say of it. */
import { expect, test } from "vitest";
import { modelReference, parseModelReference } from "../../model-shards/model-reference.ts";

test.each([
  ["demo@0123456789abcdef", { alias: "demo", revision: "0123456789abcdef", prefix: "demo/0123456789abcdef" }],
  ["0.a_b-c@0000000000000000", { alias: "0.a_b-c", prefix: "0.a_b-c/0000000000000000" }],
  ["a@ffffffffffffffff", { alias: "a" }],
])("%s names a model", (text, parts) => {
  const parsed = parseModelReference(text);
  expect(parsed).toMatchObject(parts);
  expect(parsed && modelReference(parsed)).toBe(text);
});

test.each([
  "",
  "demo",
  "@0123456789abcdef",
  "demo@0123456789abcde",
  "demo@0123456789abcdef0",
  "demo@0123456789ABCDEF",
  "demo@0123456789abcdeg",
  "Demo@0123456789abcdef",
  "_demo@0123456789abcdef",
  ".demo@0123456789abcdef",
  "de/mo@0123456789abcdef",
  " demo@0123456789abcdef",
  "demo@0123456789abcdef\n",
])("%j names no model", (text) => {
  expect(parseModelReference(text)).toBeUndefined();
});
