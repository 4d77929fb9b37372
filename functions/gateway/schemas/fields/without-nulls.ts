/**
 * Treats null for an optional field as absent, also inside items: clients generated from types send every field they
 * know. A null in a list stays, because it is an item.
 */
import type { Pauses } from "../../../runtime/sharing/pauses.ts";

/** Deeper than any schema. JSON itself may be nested as deep as its body is long. */
export const MAX_DEPTH = 20;
/** Cost of a value, in characters of a text. */
const VALUE = 8;

/** @returns the same value if it has no null to remove */
export async function withoutNulls(value: unknown, pauses: Pauses): Promise<unknown> {
  const steps = takeNullsOut(value, 0);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (pauses.isDue(step.value)) await pauses.pause();
  }
}

/** Yields the cost since the last yield. */
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
  // Keep an uploaded picture, which is a class instance.
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
