/**
 * null for an optional field means that it is absent, inside items too: clients made from types send every field they
 * know. A null that is an item of a list is an item still.
 */
import type { Pauses } from "../../runtime/pauses.ts";

/** Deeper than any schema looks; JSON may be nested as deep as its body is long. */
export const MAX_DEPTH = 8;
/** What a value costs, in characters of a text. */
const VALUE = 8;

/** @returns the same value where there is no null to take out */
export async function withoutNulls(value: unknown, pauses: Pauses): Promise<unknown> {
  const steps = takeNullsOut(value, 0);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (pauses.isDue(step.value)) await pauses.pause();
  }
}

/** Yields, again and again, what it has cost since the last time. */
function* takeNullsOut(value: unknown, depth: number): Generator<number, unknown> {
  if (!mayHoldNulls(value, depth)) return value;
  if (Array.isArray(value)) return yield* fromList(value, depth);
  const before = Object.entries(value);
  yield VALUE * (1 + before.length);
  const after: [string, unknown][] = [];
  for (const [name, field] of before) {
    if (field === null) continue;
    after.push([name, mayHoldNulls(field, depth + 1) ? yield* takeNullsOut(field, depth + 1) : field]);
  }
  const isSame = after.length === before.length && after.every(([, field], i) => field === before[i]?.[1]);
  return isSame ? value : Object.fromEntries(after);
}

function* fromList(list: readonly unknown[], depth: number): Generator<number, unknown> {
  let changed: unknown[] | undefined;
  for (const [index, item] of list.entries()) {
    if (index % 1000 === 0) yield VALUE * 10;
    if (!mayHoldNulls(item, depth + 1)) continue;
    const without = yield* takeNullsOut(item, depth + 1);
    if (without === item) continue;
    changed ??= [...list];
    changed[index] = without;
  }
  return changed ?? list;
}

function mayHoldNulls(value: unknown, depth: number): value is object {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return false;
  // An uploaded picture is an object of its own kind.
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
