/** JSON and UTF-8 in pieces are what they would be at once. */
import { describe, expect, it, test } from "vitest";
import { jsonInSteps } from "../../functions/json/json-in-steps.ts";
import { utf8Pieces } from "../../functions/json/utf8-pieces.ts";
import { Pauses } from "../../functions/runtime/sharing/pauses.ts";
import { ClientGoneError } from "../../functions/runtime/sharing/wanted.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

provideScheduler();

describe("UTF-8 in pieces", () => {
  it.each<[string, string[], number[]]>([
    ["nothing", [], []],
    ["empty texts", ["", ""], []],
    ["short texts together", ["a", "", "bc"], [3]],
    ["a whole piece", ["x".repeat(65_536)], [65_536]],
    ["a piece and one more", ["x".repeat(65_537)], [65_536, 1]],
    ["a text that ends with a piece, and another", ["x".repeat(65_535), "y", "z"], [65_536, 1]],
    ["a character that does not fit", ["x".repeat(65_534), "界y"], [65_534, 4]],
    ["a long text", ["ü".repeat(100_000)], [65_536, 65_536, 65_536, 3_392]],
  ])("%s", (_, texts, lengths) => {
    const pieces = [...copies(texts)];
    expect(pieces.map(({ length }) => length)).toEqual(lengths);
    expect(Buffer.concat(pieces).toString()).toBe(texts.join(""));
  });
});

function* copies(texts: string[]): Generator<Uint8Array> {
  for (const piece of utf8Pieces(texts)) yield piece.slice();
}

test.each([
  [{}],
  [[]],
  [[[], {}, [[]], [[{}]]]],
  [{ a: 1, b: "ü", c: null, d: [1, "x", null, true], e: { f: { g: [{ h: [1] }] } } }],
  [[undefined, () => {}, NaN]],
  [{ a: undefined, b: 1, c: undefined }],
  [{ a: undefined }],
  [{ 'a"b': "\ud800\n" }],
  [["x".repeat(70_000), { y: "界".repeat(30_000) }]],
])("JSON in steps is that of JSON.stringify", async (value) => {
  expect(Buffer.from(await jsonInSteps(value, undefined)).toString()).toBe(JSON.stringify(value));
});

test("others are answered about every 200 kB of JSON", async () => {
  let pauses = 0;
  const wanted = (): boolean => ++pauses > 0;
  await jsonInSteps(["x".repeat(4_000_000)], new Pauses(wanted));
  expect(pauses).toBeGreaterThanOrEqual(15);
  expect(pauses).toBeLessThanOrEqual(20);
});

test("JSON that nobody wants any more is not written to its end", async () => {
  const gone = jsonInSteps(["x".repeat(4_000_000)], new Pauses(() => false));
  await expect(gone).rejects.toThrow(ClientGoneError);
});
