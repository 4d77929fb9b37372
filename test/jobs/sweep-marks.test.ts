/** A sweep that is killed, or has too much to do, goes on in the next one. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sweepMarks } from "../../functions/jobs/sweeps/sweep-marks.ts";
import type { AccountMarks, Marked } from "../../functions/runtime/account-marks.ts";
import type { SweepPlace } from "../../functions/runtime/sweep-place.ts";

const PLACES = Array.from({ length: 120 }, (_, index) => String(index + 1).padStart(4, "0"));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.stubGlobal("scheduler", { wait: async (ms: number) => void vi.setSystemTime(Date.now() + ms) });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function marksOf(places: readonly string[]): AccountMarks {
  const after = async function* (last = ""): AsyncGenerator<Marked> {
    for (const place of places) {
      if (place > last) yield { place, account: "a", id: place, markedAt: new Date() };
    }
  };
  return { after } as unknown as AccountMarks;
}

function placeInR2(): SweepPlace & { stored: (string | undefined)[] } {
  const stored: (string | undefined)[] = [];
  const place = {
    stored,
    read: async () => stored.at(-1),
    store: async (value: string | undefined) => void stored.push(value),
  };
  return place as unknown as SweepPlace & { stored: (string | undefined)[] };
}

it("goes on after the fiftieth mark if it was killed at the sixtieth", async () => {
  const [marks, place] = [marksOf(PLACES), placeInR2()];
  const { promise: isThere, resolve: arrive } = Promise.withResolvers<void>();
  const hang = async ({ id }: Marked): Promise<boolean> => {
    if (id !== "0060") return true;
    arrive();
    return await new Promise<never>(() => {});
  };
  void sweepMarks(marks, place, hang, "not swept");
  await isThere;
  const cared: string[] = [];
  const care = async ({ id }: Marked): Promise<boolean> => cared.push(id) > 0;
  expect(await sweepMarks(marks, place, care, "not swept")).toBe(70);
  expect(cared).toEqual(PLACES.slice(50));
  expect(place.stored.at(-1)).toBeUndefined();
});

it("ends after four minutes, and the next one goes on there", async () => {
  const [marks, place] = [marksOf(PLACES), placeInR2()];
  const cared: string[] = [];
  const slow = async ({ id }: Marked): Promise<boolean> => {
    vi.setSystemTime(Date.now() + 10_000);
    return cared.push(id) > 0;
  };
  const sweeps = [];
  for (let sweep = 0; sweep < 5; sweep++) sweeps.push(await sweepMarks(marks, place, slow, "not swept"));
  expect(sweeps).toEqual([25, 25, 25, 25, 20]);
  expect(cared).toEqual(PLACES);
});

async function someFail({ id }: Marked): Promise<boolean> {
  if (id.endsWith("7")) throw new Error("made to fail");
  return true;
}

it("has a thousand marks at the most", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const places = Array.from({ length: 1_200 }, (_, index) => String(index).padStart(4, "0"));
  const [marks, place] = [marksOf(places), placeInR2()];
  expect(await sweepMarks(marks, place, someFail, "not swept")).toBe(900);
  expect(place.stored.at(-1)).toBe("0999");
  expect(await sweepMarks(marks, place, someFail, "not swept")).toBe(180);
});

it.each([0, 25])("writes its place at most once in two seconds if a mark takes %s ms", async (ms) => {
  const places = Array.from({ length: 400 }, (_, index) => String(index).padStart(4, "0"));
  const [marks, place] = [marksOf(places), placeInR2()];
  const writtenAt: number[] = [];
  vi.spyOn(place, "store").mockImplementation(async () => void writtenAt.push(Date.now()));
  const care = async (): Promise<boolean> => {
    vi.setSystemTime(Date.now() + ms);
    return true;
  };
  expect(await sweepMarks(marks, place, care, "not swept")).toBe(400);
  expect(writtenAt.length).toBeGreaterThan(1);
  const gaps = writtenAt.slice(1).map((at, index) => at - writtenAt[index]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000);
});
