/** Null for an optional field is taken out, wherever it is, and nothing else is changed. */
import { scheduler } from "node:timers/promises";
import { describe, expect, it, test, vi } from "vitest";
import { MAX_DEPTH, withoutNulls } from "../../../functions/gateway/schemas/fields/without-nulls.ts";
import { Pauses } from "../../../functions/runtime/sharing/pauses.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

provideScheduler();

const without = async (value: unknown): Promise<unknown> => await withoutNulls(value, new Pauses(() => true));

describe("a value", () => {
  it.each([
    [{ a: null }, {}],
    [
      { a: null, b: 1, c: "", d: false, e: 0 },
      { b: 1, c: "", d: false, e: 0 },
    ],
    [{ a: { b: null, c: { d: null } } }, { a: { c: {} } }],
    [{ a: [{ b: null }, 1, null, { c: 2 }] }, { a: [{}, 1, null, { c: 2 }] }],
    [
      [[{ a: null }], null],
      [[{}], null],
    ],
    [{ a: [[null, { b: null }]] }, { a: [[null, {}]] }],
  ])("%j becomes %j", async (value, expected) => {
    const before = structuredClone(value);
    expect(await without(value)).toEqual(expected);
    expect(value).toEqual(before);
  });

  it.each([
    [null],
    [7],
    ["text"],
    [undefined],
    [{}],
    [[]],
    [{ a: 1, b: [{ c: 2 }, null] }],
    [[null, [null]]],
  ])("%j stays the same one", async (value) => {
    expect(await without(value)).toBe(value);
  });

  it("keeps an instance of a class, with its nulls", async () => {
    class Uploaded {
      readonly name = null;
    }
    const value = { picture: new Uploaded(), other: null };
    const result = (await without(value)) as typeof value;
    expect(result.picture).toBe(value.picture);
    expect(Object.keys(result)).toEqual(["picture"]);
  });

  it("takes a field that is named like a method for what it is", async () => {
    const value: unknown = JSON.parse('{"__proto__": null, "constructor": null, "toString": 1}');
    expect(Object.entries((await without(value)) as object)).toEqual([["toString", 1]]);
  });
});

/** An object with a null as deep as it is nested. */
function nested(depth: number, inList: boolean): unknown {
  let value: unknown = { a: null };
  for (let i = 0; i < depth; i++) value = inList ? [value] : { a: value };
  return value;
}

test.each([false, true])("what is deeper than any schema stays as it is (in lists: %s)", async (inList) => {
  const reached = nested(MAX_DEPTH, inList);
  expect(JSON.stringify(await without(reached))).not.toContain("null");
  const deeper = nested(MAX_DEPTH + 1, inList);
  expect(await without(deeper)).toBe(deeper);
  const deepest = nested(100_000, inList);
  expect(await without(deepest)).toBe(deepest);
});

test("long lists and many objects make pauses, short ones none", async () => {
  const wait = vi.spyOn(scheduler, "wait");
  await without({ a: Array.from({ length: 100 }, () => ({ b: null })) });
  expect(wait).not.toHaveBeenCalled();
  await without({ a: Array.from({ length: 10_000 }, () => ({ b: null })) });
  expect(wait.mock.calls.length).toBeGreaterThan(4);
  wait.mockClear();
  await without(Array.from({ length: 1_000_000 }, () => 1));
  expect(wait).toHaveBeenCalled();
  wait.mockRestore();
});
