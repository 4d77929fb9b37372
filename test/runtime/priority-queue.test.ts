/** Who goes first among waiting requests, and what becomes of one that lost its place. */
import { expect, it } from "vitest";
import { type Place, PriorityQueue } from "../../functions/runtime/sharing/priority-queue.ts";

const alive = (): boolean => false;

function queued(count: number, priority: Place["priority"] = "interactive"): [PriorityQueue<Place>, Place[]] {
  const queue = new PriorityQueue<Place>();
  const places = Array.from({ length: count }, (): Place => ({ priority }));
  for (const place of places) queue.add(place);
  return [queue, places];
}

it("serves in order of arrival, and the background last", () => {
  const [queue, [background]] = queued(1, "background");
  const [first, second]: Place[] = [{ priority: "interactive" }, { priority: "interactive" }];
  queue.add(first!);
  queue.add(second!);
  expect([background!, second!, first!].map((place) => queue.isFirst(place, alive))).toEqual([
    false,
    false,
    true,
  ]);
});

it("serves the background after eight others", () => {
  const [queue, [background]] = queued(1, "background");
  const other: Place = { priority: "interactive" };
  queue.add(other);
  for (let i = 0; i < 7; i++) queue.count(other);
  expect(queue.isFirst(background!, alive)).toBe(false);
  expect(queue.givesWay(background!)).toBe(true);
  queue.count(other);
  expect(queue.isFirst(other, alive)).toBe(false);
  expect(queue.isFirst(background!, alive)).toBe(true);
  expect(queue.givesWay(background!)).toBe(false);
});

it("puts who lost its place at the end, before those that come later", () => {
  const [queue, [slow, other, next]] = queued(3);
  expect(queue.isFirst(other!, (place) => place === slow)).toBe(true);
  queue.remove(other!);
  expect(queue.isFirst(slow!, alive)).toBe(false);
  const late: Place = { priority: "interactive" };
  queue.add(late);
  queue.remove(next!);
  expect(queue.isFirst(late, alive)).toBe(false);
  expect(queue.isFirst(slow!, alive)).toBe(true);
});
