/** Small pure parts: pauses that double, pages of lists, bytes and rows. */
import { describe, expect, it, test } from "vitest";
import { labelEmbedding } from "../../functions/embed/label-embedding.ts";
import { accountPath } from "../../functions/runtime/account-marks.ts";
import { concatBytes } from "../../functions/runtime/bytes/concat-bytes.ts";
import { exponentialBackoff } from "../../functions/runtime/background-work.ts";
import { jsonInSteps } from "../../functions/json/json-in-steps.ts";
import { normalizeRows } from "../../functions/runtime/normalize.ts";
import { utf8Pieces } from "../../functions/json/utf8-pieces.ts";
import { pageRange } from "../../functions/state/page-range.ts";
import { modelReference, parseModelReference } from "../../model-shards/model-reference.ts";

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

test("a mark's place cannot be another account's", () => {
  expect(accountPath("a/b c", "vs_1")).toBe("a%2Fb%20c/vs_1");
});

describe("a page of a list of the positions 1 to 9", () => {
  const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  /** As a database answers it. */
  function pageOf(
    after: number | undefined,
    before: number | undefined,
    order: "asc" | "desc",
    limit: number,
  ): [page: number[], hasMore: boolean] {
    const range = pageRange({ after, before, order, limit });
    const rows = ALL.filter((position) => position > range.above && position < range.below);
    if (range.direction === "DESC") rows.reverse();
    const { page, hasMore } = range.pageOf(rows.slice(0, range.limit));
    return [page, hasMore];
  }

  it.each([
    [undefined, undefined, "asc", 3, [1, 2, 3], true],
    [undefined, undefined, "desc", 3, [9, 8, 7], true],
    [undefined, undefined, "asc", 9, ALL, false],
    [undefined, undefined, "asc", 8, [1, 2, 3, 4, 5, 6, 7, 8], true],
    [3, undefined, "asc", 2, [4, 5], true],
    [3, undefined, "desc", 5, [2, 1], false],
    [undefined, 6, "asc", 2, [4, 5], true],
    [undefined, 6, "desc", 2, [8, 7], true],
    [undefined, 2, "asc", 2, [1], false],
    [undefined, 8, "desc", 2, [9], false],
    [2, 8, "asc", 3, [3, 4, 5], true],
    [8, 2, "desc", 5, [7, 6, 5, 4, 3], false],
    [9, undefined, "asc", 3, [], false],
  ] as const)("after %s, before %s, %s, at most %i", (after, before, order, limit, page, hasMore) => {
    expect(pageOf(after, before, order, limit)).toEqual([page, hasMore]);
  });

  it("without cursors begins before the position 0", () => {
    const { above, below } = pageRange({ after: undefined, before: undefined, order: "asc", limit: 1 });
    expect([above, below]).toEqual([-1, Number.MAX_SAFE_INTEGER]);
  });
});

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

test("pieces are joined in their order", () => {
  expect(concatBytes([])).toEqual(new Uint8Array(0));
  expect(concatBytes([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)])).toEqual(
    Uint8Array.of(1, 2, 3),
  );
});

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
