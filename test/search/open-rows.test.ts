/** Rows in no segment, as an isolate keeps them: each once, whatever is told again or out of order. */
import { expect, test } from "vitest";
import { type LiveOpenPage, highestNumber, isSet, mergedPages } from "../../functions/search/open-rows.ts";
import { pageLayout, rowBytes, rowsPerPage } from "../../functions/vector-stores/segment-layout.ts";
import type { OpenRow } from "../../functions/vector-stores/store-state-rpc.ts";
import { random as randomFrom } from "../support/random.ts";

const WIDTH = 640;

/** A store's open rows, and what an isolate knows of them. */
class OpenRows {
  pages: readonly LiveOpenPage[] = [];
  readonly #live = new Set<number>();

  add(from: number, to: number): void {
    for (let number = from; number <= to; number++) this.#live.add(number);
  }

  remove(from: number, to: number): void {
    for (let number = from; number <= to; number++) this.#live.delete(number);
  }

  /** As the store's object tells a search. */
  view(): { seen: number[]; live: number[]; pages: number } {
    const known = highestNumber(this.pages);
    const live = Uint32Array.from(this.#live).toSorted();
    const added = [...live].filter((number) => number > known).map(rowOf);
    this.pages = mergedPages(this.pages, added, live, WIDTH);
    return { seen: liveNumbers(this.pages), live: [...live], pages: this.pages.length };
  }
}

/** Its values and attributes tell its number. */
function rowOf(number: number): OpenRow {
  const ints = new Int8Array(WIDTH).fill(number % 127);
  return { number, row: { ints, scale: number }, attributes: { number } };
}

/** Rising, each as often as a scan would compare it; NaN for a row with another's values. */
function liveNumbers(pages: readonly LiveOpenPage[]): number[] {
  const numbers = pages.flatMap(({ page, live }) => {
    const { scales, numbers: at } = pageLayout(page.rows, WIDTH);
    const view = new DataView(page.bytes.buffer);
    return [...page.numbers.entries()]
      .filter(([row]) => isSet(live, row))
      .map(([row, number]) => {
        const isWhole =
          view.getUint32(at + 4 * row, true) === number &&
          view.getFloat32(scales + 4 * row, true) === number &&
          page.bytes[row * rowBytes(WIDTH)] === number % 127 &&
          page.attributes[row]?.["number"] === number;
        return isWhole ? number : NaN;
      });
  });
  return numbers.toSorted((a, b) => a - b);
}

test("a row is there once after pages were merged out of order", () => {
  const rows = new OpenRows();
  rows.add(1, 800);
  rows.view();
  rows.remove(1, 250);
  rows.add(801, 850);
  rows.view();
  rows.remove(801, 850);
  rows.remove(401, 650);
  rows.view();
  rows.add(851, 851);
  const { seen, live } = rows.view();
  expect(seen).toEqual(live);
});

test("an isolate that is told what changed has the live rows, each once, whatever changes", () => {
  const random = randomFrom(17);
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  for (let round = 0; round < 10; round++) {
    const rows = new OpenRows();
    let next = 1;
    for (let step = 0; step < 15; step++) {
      if (random() < 0.7) rows.add(next, (next += upTo(500)) - 1);
      for (let holes = upTo(3); holes > 0; holes--) {
        const from = upTo(next);
        rows.remove(from, from + upTo(400));
      }
      const { seen, live, pages } = rows.view();
      expect(seen).toEqual(live);
      expect(pages).toBeLessThanOrEqual(2 * Math.ceil(live.length / rowsPerPage(WIDTH)));
    }
  }
});

test("a row that is told again is not added again", () => {
  const live = Uint32Array.of(1, 2);
  const pages = mergedPages([], [rowOf(1), rowOf(2)], live, WIDTH);
  expect(liveNumbers(mergedPages(pages, [rowOf(2)], live, WIDTH))).toEqual([1, 2]);
});

/** One page with the rows from 1 on, of which some are live. */
function pageOf(count: number): LiveOpenPage {
  const live = Uint32Array.from({ length: count }, (_, i) => i + 1);
  const [page] = mergedPages([], [...live].map(rowOf), live, WIDTH);
  if (page === undefined) throw new Error("no page");
  return page;
}

test("a page is kept as it is while more than half of what a page can have is live", () => {
  const full = pageOf(rowsPerPage(WIDTH));
  const half = rowsPerPage(WIDTH) / 2;
  const most = Uint32Array.from(
    { length: half + 1 },
    (_, i) => 2 * (i + 1) - (i === half ? 2 * half + 1 : 0),
  );
  const [kept, ...others] = mergedPages([full], [], most.toSorted(), WIDTH);
  expect(kept?.page).toBe(full.page);
  expect([full, kept].map((page) => page?.live.length)).toEqual([50, 50]);
  expect(others).toEqual([]);
  const fewer = most.toSorted().slice(1);
  const [written] = mergedPages([full], [], fewer, WIDTH);
  expect(written?.page).not.toBe(full.page);
  expect(written?.page.rows).toBe(half);
  expect([...(written?.page.numbers ?? [])]).toEqual([...fewer]);
  expect(liveNumbers(written === undefined ? [] : [written])).toEqual([...fewer]);
});

test("new pages have their rows in order, and the buffers of what was added are given back", () => {
  const added = [5, 3, 9, 1].map(rowOf);
  const [first, ...others] = mergedPages([], added, Uint32Array.of(1, 3, 5, 9), WIDTH);
  expect([...(first?.page.numbers ?? [])]).toEqual([1, 3, 5, 9]);
  expect(others).toEqual([]);
  expect(added.map(({ row }) => row.ints.byteLength)).toEqual([0, 0, 0, 0]);
});

test("rows that are not live are not added, and the highest number is that of any row", () => {
  const pages = mergedPages([], [1, 2, 3, 7].map(rowOf), Uint32Array.of(1, 3, 7), WIDTH);
  expect(liveNumbers(pages)).toEqual([1, 3, 7]);
  expect(pages.map(({ live }) => live.length)).toEqual([1]);
  expect(highestNumber(pages)).toBe(7);
  const rest = mergedPages(pages, [rowOf(4)], Uint32Array.of(1, 4), WIDTH);
  expect(highestNumber(rest)).toBe(4);
  expect(highestNumber([])).toBe(0);
  expect(mergedPages(rest, [], new Uint32Array(0), WIDTH)).toEqual([]);
});

test("a bit of a row", () => {
  const bits = Uint8Array.of(0b1000_0001, 0b0000_0010);
  const set = Array.from({ length: 20 }, (_, row) => row).filter((row) => isSet(bits, row));
  expect(set).toEqual([0, 7, 9]);
});
