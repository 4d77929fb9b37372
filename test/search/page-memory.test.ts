/** Pages of one memory: what is kept, what makes way, and what a silent request loses. */
import { expect, test, vi } from "vitest";
import { type Hold, PageMemory } from "../../functions/search/page-memory.ts";

const NONE: ReadonlySet<string> = new Set();

function memory(): { pages: PageMemory; made: () => number } {
  let made = 0;
  return { pages: new PageMemory(10, 6, (pages) => (made = pages)), made: () => made };
}

function hold(pages: PageMemory, count: number, needed = NONE): Hold {
  const held = pages.hold(count, needed);
  if (held === undefined) throw new Error("no room");
  return held;
}

test("memory grows only when pages are needed, and pages belong to one part", () => {
  const { pages, made } = memory();
  const [a, b] = [hold(pages, 2), hold(pages, 3)];
  expect(made()).toBe(5);
  expect(new Set([...a.pages, ...b.pages]).size).toBe(5);
  pages.release(a);
  pages.release(a);
  expect(hold(pages, 2).pages).toHaveLength(2);
  expect(made()).toBe(5);
  expect(pages.hold(6, NONE)).toBeUndefined();
});

test("what was not used for the longest time makes way, except what the search needs", () => {
  const { pages } = memory();
  for (const key of ["a", "b", "c"]) pages.keep(key, hold(pages, 2), NONE);
  pages.use("a");
  pages.keep("d", hold(pages, 2), new Set(["b"]));
  expect(["a", "b", "c", "d"].filter((key) => pages.use(key))).toEqual(["a", "b", "d"]);
  expect(pages.keep("e", hold(pages, 2), new Set(["a", "b", "d"]))).toBe(false);
  expect(pages.use("e")).toBeUndefined();
});

test("loads find room beside what is kept, and evict nothing that is needed", () => {
  const { pages } = memory();
  const needed = new Set(["a", "b", "c"]);
  for (const key of needed) pages.keep(key, hold(pages, 2), needed);
  const [first, second] = [hold(pages, 2, needed), hold(pages, 2, needed)];
  expect(pages.hold(1, needed)).toBeUndefined();
  pages.release(first);
  expect(pages.hold(2, needed)).toBeDefined();
  expect(pages.use("a")).toBeDefined();
  second.renew();
});

test("a part that two have loaded is kept once", () => {
  const { pages } = memory();
  const [a, b] = [hold(pages, 2), hold(pages, 2)];
  pages.keep("a", a, NONE);
  expect(pages.keep("a", b, NONE)).toBe(true);
  expect(pages.use("a")).toEqual(a.pages);
  expect(hold(pages, 8).pages).toHaveLength(8);
});

test("pages of a silent request are taken; it finds out before it writes", () => {
  vi.useFakeTimers();
  try {
    const { pages } = memory();
    const silent = hold(pages, 6);
    vi.advanceTimersByTime(9_000);
    silent.renew();
    vi.advanceTimersByTime(9_000);
    expect(pages.hold(6, NONE)).toBeUndefined();
    vi.advanceTimersByTime(2_000);
    expect(pages.hold(10, NONE)?.pages).toHaveLength(10);
    expect(() => silent.renew()).toThrow("taken away");
    pages.release(silent);
    expect(pages.hold(1, NONE)).toBeUndefined();
    expect(pages.keep("a", silent, NONE)).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test("the memory grows to what is needed and not further, and only when it must", () => {
  const grown: number[] = [];
  const pages = new PageMemory(4, 4, (to) => grown.push(to));
  const first = hold(pages, 3);
  expect(first.pages).toEqual([0, 1, 2]);
  pages.release(first);
  hold(pages, 3);
  expect(grown).toEqual([3]);
  expect(hold(pages, 1).pages).toEqual([3]);
  expect(grown).toEqual([3, 4]);
  expect(pages.hold(1, NONE)).toBeUndefined();
  expect(hold(pages, 0).pages).toEqual([]);
});

test("no part is kept beyond what may be kept, and its pages are free then", () => {
  const { pages } = memory();
  expect(pages.keep("large", hold(pages, 7), NONE)).toBe(false);
  expect(hold(pages, 10).pages).toHaveLength(10);
});

test("parts make way one after the other, until there is room", () => {
  const { pages } = memory();
  for (const key of ["a", "b", "c"]) expect(pages.keep(key, hold(pages, 2), NONE)).toBe(true);
  // Four of ten pages are free.
  hold(pages, 5);
  expect(["a", "b", "c"].filter((key) => pages.use(key))).toEqual(["b", "c"]);
  hold(pages, 1);
  expect(["b", "c"].filter((key) => pages.use(key))).toEqual(["b", "c"]);
  hold(pages, 4);
  expect(["b", "c"].filter((key) => pages.use(key))).toEqual([]);
});

test("what made way leaves room for as much as it had", () => {
  const { pages } = memory();
  for (let i = 0; i < 20; i++) expect(pages.keep(`part ${i}`, hold(pages, 3), NONE)).toBe(true);
  expect(["part 17", "part 18", "part 19"].filter((key) => pages.use(key))).toEqual(["part 18", "part 19"]);
});

test("a hold that is over cannot be renewed, nor ended again", () => {
  const { pages } = memory();
  const held = hold(pages, 2);
  held.renew();
  expect([held.end(), held.end()]).toEqual([true, false]);
  expect(() => held.renew()).toThrow("taken away");
});
