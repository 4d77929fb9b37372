/** Names of labels are counted before they are read, and read once. */
import { expect, it } from "vitest";
import { GivenNames, mostNameBytes, NamesOnce, PackedNames } from "../../functions/label-sets/label-names.ts";

const NAMES = ["fox", 'a "bus"', "", "中文", "\ufeffbom", "\ud800"];
const JSONS = NAMES.map((name) => new TextEncoder().encode(JSON.stringify(name)));

function packed(): PackedNames {
  let end = 0;
  const ends = Uint32Array.from(JSONS, ({ length }) => (end += length));
  return new PackedNames(ends, Uint8Array.from(JSONS.flatMap((json) => [...json])));
}

it("reads stored names, and says how long each is", () => {
  const names = packed();
  expect(NAMES.map((_, index) => names.at(index))).toEqual(NAMES);
  expect(NAMES.map((_, index) => names.bytesAt(index))).toEqual(JSONS.map(({ length }) => length));
  expect([names.length, names.at(NAMES.length)]).toEqual([NAMES.length, undefined]);
});

it("counts each name once, before it is read", () => {
  const counted: number[] = [];
  const names = new NamesOnce(packed(), (bytes) => {
    counted.push(bytes);
    if (counted.length > 2) throw new Error("too many");
  });
  expect([names.at(0), names.at(3), names.at(0)]).toEqual(["fox", "中文", "fox"]);
  expect(counted).toEqual([5, 8]);
  expect(() => names.at(1)).toThrow("too many");
});

it("gives names that came with the request, which take no more memory", () => {
  const names = new GivenNames(NAMES);
  expect(NAMES.map((_, index) => names.at(index))).toEqual(NAMES);
  expect([names.length, names.at(NAMES.length), names.bytesAt()]).toEqual([NAMES.length, undefined, 0]);
});

it("says of names that are read once what is said of them otherwise", () => {
  const once = new NamesOnce(packed(), () => {});
  expect([once.length, once.bytesAt(0), once.at(NAMES.length)]).toEqual([NAMES.length, 5, undefined]);
});

it("says how long so many names can be", () => {
  const lengths = JSONS.map(({ length }) => length).toSorted((a, b) => b - a);
  const sum = (count: number): number => lengths.slice(0, count).reduce((total, length) => total + length, 0);
  expect([1, 3, 6, 9].map((count) => mostNameBytes(packed(), count))).toEqual([1, 3, 6, 9].map(sum));
  expect(mostNameBytes(new GivenNames(NAMES), 3)).toBe(0);
});
