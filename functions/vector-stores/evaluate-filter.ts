/**
 * Which pictures a filter lets through. A value passes a comparison by type and value: the string `"1"` is not the
 * number 1. `gt`, `gte`, `lt` and `lte` compare numbers with numbers and strings with strings, by UTF-16 code units as
 * JavaScript does; whatever is of another type does not pass. `ne` and `nin` are the exact opposites of `eq` and `in`:
 * a picture without the key passes them, and none of the others.
 */
import type { GroupReader } from "./attribute-columns.ts";
import type { Comparison, Filter } from "./filter.ts";
import type { Attributes, AttributeValue } from "./stored-picture.ts";

/** @param value undefined: the picture does not have the key */
function passes(comparison: Comparison, value: AttributeValue | undefined): boolean {
  switch (comparison.type) {
    case "eq":
      return value === comparison.value;
    case "ne":
      return value !== comparison.value;
    case "in":
      return value !== undefined && setOf(comparison.value).has(value);
    case "nin":
      return value === undefined || !setOf(comparison.value).has(value);
    default:
      if (typeof value !== typeof comparison.value) return false;
      return inOrder(comparison.type, value as string | number, comparison.value);
  }
}

/** The values of a comparison's list, which is compared with many. */
const sets = new WeakMap<readonly AttributeValue[], ReadonlySet<AttributeValue>>();

function setOf(values: readonly AttributeValue[]): ReadonlySet<AttributeValue> {
  let set = sets.get(values);
  if (set === undefined) sets.set(values, (set = new Set(values)));
  return set;
}

function inOrder(type: "gt" | "gte" | "lt" | "lte", value: string | number, bound: string | number): boolean {
  if (type === "gt") return value > bound;
  if (type === "gte") return value >= bound;
  return type === "lt" ? value < bound : value <= bound;
}

/** True if a picture with these attributes passes. */
export function passesFilter(filter: Filter, attributes: Attributes): boolean {
  if (!("filters" in filter)) {
    return passes(filter, Object.hasOwn(attributes, filter.key) ? attributes[filter.key] : undefined);
  }
  return filter.type === "and"
    ? filter.filters.every((each) => passesFilter(each, attributes))
    : filter.filters.some((each) => passesFilter(each, attributes));
}

export function comparisonsOf(filter: Filter): Comparison[] {
  return "filters" in filter ? filter.filters.flatMap(comparisonsOf) : [filter];
}

/**
 * The rows of a segment that pass each of some comparisons. Each different value is read once for all of them.
 * @param group the one that has the columns of the comparisons' keys
 * @returns a bit a row, the first the least significant of the first byte. Bits beyond the last row may be anything
 */
export function passingRows(
  comparisons: readonly Comparison[],
  rows: number,
  group: GroupReader,
): Map<Comparison, Uint8Array<ArrayBuffer>> {
  const tests = comparisons.map((comparison) => {
    const absentPass = passes(comparison, undefined);
    return { comparison, absentPass, bits: bitmap(rows, absentPass) };
  });
  const byKey = Map.groupBy(tests, ({ comparison }) => comparison.key);
  group.eachValue(new Set(byKey.keys()), (key, value, places) => {
    for (const { comparison, absentPass, bits } of byKey.get(key) ?? []) {
      if (passes(comparison, value) === absentPass) continue;
      for (const row of places) bits[row >>> 3] = (bits[row >>> 3] ?? 0) ^ (1 << (row & 7));
    }
  });
  return new Map(tests.map(({ comparison, bits }) => [comparison, bits]));
}

/**
 * The rows of a segment that pass a whole filter.
 * @param bitsOf gives what `passingRows` has given
 */
export function combinedRows(
  filter: Filter,
  rows: number,
  bitsOf: (comparison: Comparison) => Uint8Array,
): Uint8Array {
  if (!("filters" in filter)) return bitsOf(filter);
  const isAnd = filter.type === "and";
  const all = bitmap(rows, isAnd);
  for (const each of filter.filters) {
    const bits = combinedRows(each, rows, bitsOf);
    for (const [i, byte] of bits.entries()) all[i] = isAnd ? (all[i] ?? 0) & byte : (all[i] ?? 0) | byte;
  }
  return all;
}

function bitmap(rows: number, isSet: boolean): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.ceil(rows / 8)).fill(isSet ? 0xff : 0);
}
