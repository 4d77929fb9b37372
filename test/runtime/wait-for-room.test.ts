/** Requests that wait for room poll for it, and those that hold some give signs of life. */
import { scheduler } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomHolder } from "../../functions/runtime/sharing/room-holder.ts";
import { waitForRoom } from "../../functions/runtime/sharing/wait-for-room.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

provideScheduler();

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function fail(): never {
  throw new Error("lost");
}

describe("waiting for room", () => {
  let pauses: number[] = [];

  beforeEach(() => {
    pauses = [];
    vi.spyOn(scheduler, "wait").mockImplementation(async (milliseconds) => void pauses.push(milliseconds));
  });

  it("takes no time if there is some", async () => {
    const beforePause = vi.fn<() => void>();
    expect(await waitForRoom(() => true, 0, beforePause)).toBe(true);
    expect(pauses).toEqual([]);
    expect(beforePause).not.toHaveBeenCalled();
  });

  it("polls less often after the first polls", async () => {
    let polls = 0;
    expect(await waitForRoom(() => polls++ === 5, 1_000)).toBe(true);
    expect(pauses).toEqual([10, 20, 40, 50, 50]);
  });

  it("ends when the patience does, and says before each pause how long it has waited", async () => {
    const waits: number[] = [];
    expect(
      await waitForRoom(
        () => false,
        120,
        (waited) => void waits.push(waited),
      ),
    ).toBe(false);
    expect(waits).toEqual([0, 10, 30, 70, 120]);
    expect(pauses).toHaveLength(waits.length);
  });

  it("ends with what is thrown before a pause", async () => {
    await expect(waitForRoom(() => false, 1_000, fail)).rejects.toThrow("lost");
    expect(pauses).toEqual([]);
  });
});

describe("a request that holds room", () => {
  class Holder extends RoomHolder {
    isSilent(milliseconds: number): boolean {
      return this.isSilentFor(milliseconds);
    }

    get polls(): boolean {
      return this.isPolling;
    }

    poll(): void {
      this.giveSign();
    }

    end(): void {
      this.endSigns();
    }
  }

  it("gives signs of life until it ends, and by polls", () => {
    vi.useFakeTimers();
    const holder = new Holder(2_000);
    vi.advanceTimersByTime(10_500);
    expect(holder.isSilent(500)).toBe(false);
    expect(holder.isSilent(499)).toBe(true);
    holder.end();
    vi.advanceTimersByTime(10_000);
    expect(holder.isSilent(10_499)).toBe(true);
    holder.poll();
    expect(holder.isSilent(0)).toBe(false);
  });

  it("polls if it has done so within a second", () => {
    vi.useFakeTimers();
    const holder = new Holder(60_000);
    vi.advanceTimersByTime(1_000);
    expect(holder.polls).toBe(true);
    vi.advanceTimersByTime(1);
    expect(holder.polls).toBe(false);
    holder.end();
  });

  it("that loses it is leaving for a second, however often it is told", () => {
    vi.useFakeTimers();
    const holder = new Holder(2_000);
    expect([holder.isLost, holder.isLeaving]).toEqual([false, false]);
    holder.lose();
    vi.advanceTimersByTime(1_000);
    holder.lose();
    expect([holder.isLost, holder.isLeaving]).toEqual([true, true]);
    vi.advanceTimersByTime(1);
    expect([holder.isLost, holder.isLeaving]).toEqual([true, false]);
    holder.end();
  });
});
