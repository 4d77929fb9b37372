/** Every comparison with every kind of value, by rows and by columns. */
import { describe, expect, test } from "vitest";
import { ColumnWriter, GroupReader } from "../../functions/vector-stores/attribute-columns.ts";
import {
  combinedRows,
  comparisonsOf,
  passesFilter,
  passingRows,
} from "../../functions/vector-stores/evaluate-filter.ts";
import type { Comparison, Filter } from "../../functions/vector-stores/filter.ts";
import { groupOf } from "../../functions/vector-stores/segment-layout.ts";
import type { Attributes, AttributeValue } from "../../functions/vector-stores/stored-picture.ts";

/** What rows have under the key; undefined is nothing. */
const VALUES = [undefined, "b", "a", "", "1", "\ufeffb", "ü", 1, 2, -1, 0, 0.5, 1e300, true, false] as const;
const ROWS: Attributes[] = VALUES.map((value) => (value === undefined ? {} : { key: value }));

/** The bytes of the group that a key is in. */
function columnsOf(rows: readonly Attributes[], key: string): Uint8Array<ArrayBuffer> {
  const writer = new ColumnWriter();
  for (const [row, attributes] of rows.entries()) writer.add(row, attributes);
  return [...writer.groups()][groupOf(key)] ?? new Uint8Array(0);
}

function byColumns(filter: Filter, rows: readonly Attributes[]): number[] {
  const bits = combinedRows(filter, rows.length, (comparison) => {
    const group = new GroupReader(columnsOf(rows, comparison.key));
    const all = passingRows(comparisonsOf(filter), rows.length, group);
    return passingRows([comparison], rows.length, group).get(comparison) ?? all.values().next().value!;
  });
  expect(bits).toHaveLength(Math.ceil(rows.length / 8));
  return [...rows.keys()].filter((row) => ((bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0);
}

const CASES: [type: Comparison["type"], value: unknown, passing: readonly (AttributeValue | undefined)[]][] =
  [
    ["eq", "b", ["b"]],
    ["eq", "", [""]],
    ["eq", 1, [1]],
    ["eq", "1", ["1"]],
    ["eq", true, [true]],
    ["eq", false, [false]],
    ["eq", 0, [0]],
    ["eq", "none", []],
    ["ne", "b", VALUES.filter((value) => value !== "b")],
    ["ne", false, VALUES.filter((value) => value !== false)],
    ["ne", "none", [...VALUES]],
    ["in", ["b", 1, true], ["b", 1, true]],
    ["in", ["none"], []],
    ["nin", ["b", 1, true], VALUES.filter((value) => value !== "b" && value !== 1 && value !== true)],
    ["nin", ["none"], [...VALUES]],
    ["gt", 1, [2, 1e300]],
    ["gte", 1, [1, 2, 1e300]],
    ["lt", 1, [-1, 0, 0.5]],
    ["lte", 1, [1, -1, 0, 0.5]],
    ["gt", "a", ["b", "\ufeffb", "ü"]],
    ["gte", "a", ["b", "a", "\ufeffb", "ü"]],
    ["lt", "a", ["", "1"]],
    ["lte", "a", ["a", "", "1"]],
    ["gt", "", ["b", "a", "1", "\ufeffb", "ü"]],
    ["lte", "", [""]],
  ];

describe("a comparison", () => {
  test.each(CASES)("%s %j", (type, value, passing) => {
    const comparison = { type, key: "key", value } as Comparison;
    const expected = [...VALUES.keys()].filter((row) => passing.includes(VALUES[row]));
    const byRows = [...ROWS.keys()].filter((row) => passesFilter(comparison, ROWS[row] ?? {}));
    expect(byRows).toEqual(expected);
    expect(byColumns(comparison, ROWS)).toEqual(expected);
  });

  test.each(["toString", "__proto__", "constructor"])("of the key %s finds only what a row has", (key) => {
    const rows: Attributes[] = [{}, Object.fromEntries([[key, 1]])];
    const absent: Filter = { type: "ne", key, value: 1 };
    expect(rows.map((row) => passesFilter(absent, row))).toEqual([true, false]);
    expect(byColumns(absent, rows)).toEqual([0]);
  });
});

const eq = (key: string, value: AttributeValue): Comparison => ({ type: "eq", key, value });

describe("a compound", () => {
  const rows: Attributes[] = [{ a: 1, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 1 }, {}];

  test.each<[string, Filter, number[]]>([
    ["and", { type: "and", filters: [eq("a", 1), eq("b", 1)] }, [0]],
    ["or", { type: "or", filters: [eq("a", 1), eq("b", 1)] }, [0, 1, 2]],
    ["and of one", { type: "and", filters: [eq("b", 2)] }, [1]],
    [
      "or of ands",
      {
        type: "or",
        filters: [
          { type: "and", filters: [eq("a", 1), eq("b", 2)] },
          { type: "and", filters: [eq("a", 2), eq("b", 1)] },
        ],
      },
      [1, 2],
    ],
    [
      "and of ors",
      {
        type: "and",
        filters: [
          { type: "or", filters: [eq("a", 1), eq("a", 2)] },
          { type: "or", filters: [eq("b", 2), eq("b", 3)] },
        ],
      },
      [1],
    ],
  ])("%s", (_, filter, expected) => {
    expect([...rows.keys()].filter((row) => passesFilter(filter, rows[row] ?? {}))).toEqual(expected);
    expect(byColumns(filter, rows)).toEqual(expected);
  });

  test("has its comparisons from left to right", () => {
    const [a, b, c] = [eq("a", 1), eq("b", 1), eq("c", 1)];
    expect(comparisonsOf({ type: "or", filters: [a, { type: "and", filters: [b, c] }] })).toEqual([a, b, c]);
    expect(comparisonsOf(a)).toEqual([a]);
  });
});

/** What a reader visits, in any order. */
function visited(rows: readonly Attributes[], keys: readonly string[]): unknown[] {
  const all: unknown[] = [];
  for (const group of new Set(keys.map(groupOf))) {
    const key = keys.find((each) => groupOf(each) === group) ?? "";
    new GroupReader(columnsOf(rows, key)).eachValue(new Set(keys), (name, value, places) =>
      all.push([name, value, [...places]]),
    );
  }
  return all;
}

describe("columns", () => {
  test("give each different value once, with its rows in their order", () => {
    const rows = [{ k: "x" }, { k: 2 }, {}, { k: "x" }, { k: true }, { k: "2" }, { k: false }, { k: 2 }];
    const values = visited(rows as Attributes[], ["k"]);
    expect(values).toHaveLength(5);
    expect(values).toEqual(
      expect.arrayContaining([
        ["k", "x", [0, 3]],
        ["k", 2, [1, 7]],
        ["k", true, [4]],
        ["k", "2", [5]],
        ["k", false, [6]],
      ]),
    );
  });

  test("of keys that share a group are told apart", () => {
    const shared = Array.from({ length: 400 }, (_, i) => `key ${i}`).filter((key) => groupOf(key) === 7);
    expect(shared.length).toBeGreaterThan(2);
    const [a = "", b = "", c = ""] = shared;
    const rows = [{ [c]: 3, [a]: 1 }, { [b]: 2 }, { [a]: 1 }];
    expect(visited(rows, [a, c])).toEqual(
      expect.arrayContaining([
        [a, 1, [0, 2]],
        [c, 3, [0]],
      ]),
    );
    expect(visited(rows, [a, c])).toHaveLength(2);
  });

  test("take long keys and values, and rows beyond 255", () => {
    const [key, value] = ["ü".repeat(200), "界".repeat(400)];
    const rows = Array.from({ length: 70_000 }, (): Attributes => ({}));
    rows[65_535] = { [key]: value };
    rows[300] = { [key]: value };
    expect(visited(rows, [key])).toEqual([[key, value, [300, 65_535]]]);
    const many = Array.from({ length: 1_000 }, (): Attributes => ({ k: true }));
    expect(visited(many, ["k"])).toEqual([["k", true, [...many.keys()]]]);
  });

  test("longer than 65,535 bytes are skipped and found as others are", () => {
    const long = "long";
    const other = Array.from({ length: 1_000 }, (_, i) => `z${i}`).find(
      (key) => groupOf(key) === groupOf(long),
    ) as string;
    const rows = Array.from({ length: 9_000 }, (_, i): Attributes => ({ [long]: `${i}` }));
    rows.push({ [other]: 5 });
    expect(visited(rows, [other])).toEqual([[other, 5, [9_000]]]);
    expect(visited(rows, [long])).toHaveLength(9_000);
  });

  test("without rows have no bytes", () => {
    expect(columnsOf([{}, {}], "key")).toHaveLength(0);
  });
});
