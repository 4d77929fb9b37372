/**
 * null for an optional field means that it is absent, inside items too: clients made from types send every field they
 * know. A null that is an item of a list is an item still.
 */

/** Deeper than any schema looks; JSON may be nested as deep as its body is long. */
export const MAX_DEPTH = 8;

/** @returns the same value where there is no null to take out */
export function withoutNulls(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== "object" || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => withoutNulls(item, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  // An uploaded picture is an object of its own kind.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const before = Object.entries(value);
  const after = before.flatMap(([name, field]): [string, unknown][] =>
    field === null ? [] : [[name, withoutNulls(field, depth + 1)]],
  );
  const isSame = after.length === before.length && after.every(([, field], i) => field === before[i]?.[1]);
  return isSame ? value : Object.fromEntries(after);
}
