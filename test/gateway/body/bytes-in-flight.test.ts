/**
 * Room for bodies: small ones have separate room; large ones wait for each other, but not for a client that has stopped
 * sending.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Share } from "../../../functions/gateway/body/body-share.ts";
import { BytesInFlight } from "../../../functions/gateway/body/bytes-in-flight.ts";
import { happens } from "../../support/eventually.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

const MB = 1_000_000;
let opened: Share[] = [];

provideScheduler();

afterEach(() => {
  vi.useRealTimers();
  for (const share of opened) share.release();
  opened = [];
});

function open(room: BytesInFlight, most: number): Share {
  const share = room.open(most);
  opened.push(share);
  return share;
}

/** Time passes without a byte. */
function isSilent({ pace }: Share, milliseconds: number): void {
  for (let at = 0; at < milliseconds; at += 50) {
    vi.setSystemTime(Date.now() + 50);
    pace.foundNothing();
  }
}

/** Waits for the rest of a body. @returns the refusal, after which the room is given back */
async function fillUp(share: Share): Promise<unknown> {
  try {
    return await share.growTo(130_000);
  } catch (error) {
    share.release();
    return error;
  }
}

describe("BytesInFlight", () => {
  it("gives lines of batches half of the room, also to one that is alone", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB });
    const line = (most: number): Share => {
      const share = room.open(most, true);
      opened.push(share);
      return share;
    };
    for (let held = 0; held < 400_000; held += 100_000) await line(100_000).growTo(100_000);
    const waits = line(120_000);
    const growth = waits.growTo(120_000);
    growth.catch(() => {});
    expect(await happens(growth)).toBe(false);
    // A request does not wait behind it.
    expect(await happens(open(room, 100_000).growTo(100_000))).toBe(true);
    // Nothing holds more than the half.
    const largest = line(36 * MB);
    await expect(largest.growTo(21 * MB)).rejects.toMatchObject({ code: "request_too_large" });
    largest.release();
    const large = line(18 * MB);
    expect(await happens(large.growTo(MB))).toBe(true);
    // What the first will hold is kept for it.
    const behind = line(4 * MB).growTo(2 * MB);
    behind.catch(() => {});
    expect(await happens(behind)).toBe(false);
    expect(await happens(open(room, 20 * MB).growTo(20 * MB))).toBe(true);
    expect(await happens(large.growTo(18 * MB))).toBe(true);
    large.release();
    await behind;
  });

  it("does not count the isolate's busy time as waiting for a client", () => {
    const share = open(new BytesInFlight({ small: MB, large: MB }), MB);
    share.pace.expect();
    const busyUntil = Date.now() + 300;
    while (Date.now() < busyUntil);
    share.pace.foundNothing();
    expect(share.pace.waited).toBeGreaterThan(0);
    expect(share.pace.waited).toBeLessThanOrEqual(50);
  });

  it("takes room for the bytes that arrived, not for the announced ones", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB });
    for (let i = 0; i < 20; i++) await open(room, 16 * MB).growTo(10_000);
    const whole = open(room, 16 * MB);
    await whole.growTo(16 * MB);
    expect(whole.held).toBe(16 * MB);
  });

  it("keeps room for small bodies", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB });
    await open(room, 40 * MB).growTo(40 * MB);
    expect(await happens(open(room, 30 * MB).growTo(30 * MB))).toBe(false);
    await open(room, 1000).growTo(1000);
  });

  it("never gives up the smallest of many bodies that fill the room of small ones", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB });
    const half = Array.from({ length: 10 }, () => open(room, 130_000));
    for (const share of half) await share.growTo(99_000);
    // The last body comes on when the small request waits already.
    const others = half.slice(1).map(fillUp);
    const small = open(room, 15_000).growTo(15_000);
    const outcomes = Promise.race([...others, ...half.slice(0, 1).map(fillUp)]);
    await small;
    expect(await outcomes).toMatchObject({ code: "overloaded" });
  });

  it("keeps a reserve that the largest bodies cannot take", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB }, 4 * MB);
    const answered = open(room, 16 * MB);
    await answered.growTo(16 * MB);
    answered.complete(16 * MB);
    // It keeps the room of what has arrived, and waits for more until the first is answered.
    const half = open(room, 32 * MB);
    const rest = (async () => {
      for (let bytes = MB; bytes <= 32 * MB; bytes += MB) await half.growTo(bytes);
    })();
    expect(await happens(rest)).toBe(false);
    await open(room, 700_000).growTo(700_000);
    answered.release();
    await rest;
    expect(half.held).toBe(32 * MB);
  });

  it("lets the largest bodies finish beside each other with a reserve", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB }, 4 * MB);
    const finish = async (): Promise<void> => {
      const share = open(room, 28 * MB);
      for (let bytes = MB; bytes <= 28 * MB; bytes += MB) {
        await share.growTo(bytes);
        await sleep(1);
      }
      share.release();
    };
    // Each could hold 4 MB while the whole room is free, but without the reserve none could then get 24 MB more.
    const all = await Promise.allSettled([finish(), finish(), finish(), finish()]);
    expect(all.filter(({ status }) => status === "rejected")).toEqual([]);
  });

  it("gives room in order of arrival", async () => {
    const room = new BytesInFlight({ small: MB, large: 10 * MB });
    const holder = open(room, 10 * MB);
    await holder.growTo(10 * MB);
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (i) => {
      const share = open(room, (4 - i) * 3 * MB);
      await share.growTo((4 - i) * 3 * MB);
      order.push(i);
      share.release();
    });
    await sleep(50);
    holder.release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it("gives room first to the client that holds least", async () => {
    const room = new BytesInFlight({ small: MB, large: 10 * MB });
    const order: string[] = [];
    const grow = async (owner: string): Promise<void> => {
      const share = room.open(9 * MB, false, owner);
      opened.push(share);
      await share.growTo(9 * MB);
      order.push(owner);
      await sleep(50);
      share.release();
    };
    await Promise.all(["many", "many", "many", "few", "many"].map(grow));
    expect(order).toEqual(["many", "few", "many", "many", "many"]);
  });

  it("does not let one client's many bodies delay another's", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB }, 4 * MB);
    const order: string[] = [];
    const read = async (owner: string, bytes: number): Promise<void> => {
      const share = room.open(bytes, false, owner);
      opened.push(share);
      await share.growTo(bytes);
      order.push(owner);
      share.complete(bytes);
      await sleep(50);
      share.release();
    };
    const many = Array.from({ length: 60 }, () => read("many", 3.9 * MB));
    await Promise.all([...many, read("few", MB)]);
    // Ten have room at once.
    expect(order.indexOf("few")).toBeLessThanOrEqual(12);
  });

  it("takes the room of one that cannot send in time, even while it waits", async () => {
    const room = new BytesInFlight({ small: MB, large: 20 * MB });
    const behind = open(room, 18 * MB);
    await behind.growTo(5 * MB);
    const other = open(room, 18 * MB);
    const growth = other.growTo(6 * MB);
    expect(await happens(growth)).toBe(false);
    behind.pace.isBehind = true;
    await growth;
    await other.growTo(14 * MB);
    // Both fit, so nobody loses anything.
    behind.assertKept();
    const refusal = behind.growTo(7 * MB).finally(() => behind.release());
    refusal.catch(() => {});
    expect(await happens(refusal)).toBe(false);
    await other.growTo(16 * MB);
    await expect(refusal).rejects.toMatchObject({ code: "overloaded" });
  });

  it("never lets two half-read bodies wait for each other", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB });
    const read = async (): Promise<void> => {
      const share = open(room, 28 * MB);
      for (let held = MB; held <= 28 * MB; held += MB) {
        await share.growTo(held);
        await sleep(1);
      }
      share.release();
    };
    await expect(Promise.all(Array.from({ length: 6 }, read))).resolves.toHaveLength(6);
  });

  it("lets all forms finish that arrive file by file", { timeout: 20_000 }, async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB });
    const read = async (): Promise<void> => {
      const share = open(room, 24 * MB);
      for (let file = 0; file < 3; file++) {
        for (let held = 64_000; held <= 20 * MB; held += 64_000) {
          await share.growTo(held);
          if (held % 640_000 === 0) await sleep(1);
        }
        await sleep(50);
        share.shrinkTo(0);
      }
      share.release();
    };
    await expect(Promise.all(Array.from({ length: 4 }, read))).resolves.toHaveLength(4);
  });

  it("refuses the latest body if bodies longer than announced wait for each other", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB });
    const [first, second] = [open(room, 20 * MB), open(room, 20 * MB)];
    await Promise.all([first.growTo(20 * MB), second.growTo(20 * MB)]);
    const refusal = second.growTo(30 * MB).finally(() => second.release());
    await Promise.all([first.growTo(30 * MB), expect(refusal).rejects.toMatchObject({ code: "overloaded" })]);
  });

  it("refuses at once what can never fit, and takes nothing from others for it", async () => {
    const room = new BytesInFlight({ small: MB, large: 40 * MB }, 4 * MB);
    const innocent = open(room, 5 * MB);
    await innocent.growTo(5 * MB);
    const waits = innocent.growTo(6 * MB);
    const hopeless = open(room, 31 * MB).growTo(36.5 * MB);
    await expect(hopeless).rejects.toMatchObject({ code: "request_too_large" });
    await waits;
    innocent.assertKept();
  });

  it("takes a slow client's room when others wait, and only then", { timeout: 20_000 }, async () => {
    const room = new BytesInFlight({ small: MB, large: 20 * MB });
    const slow = open(room, 16 * MB);
    await slow.growTo(15 * MB);
    slow.pace.expect();
    for (let i = 0; i < 70; i++) {
      await sleep(50);
      slow.pace.foundNothing();
    }
    slow.assertKept();
    const other = open(room, 10 * MB).growTo(10 * MB);
    expect(await happens(other)).toBe(false);
    expect(() => slow.assertKept()).toThrow(/too slowly/);
    slow.release();
    await other;
  });

  it("does not wait for one that lost its room and has ended", { timeout: 20_000 }, async () => {
    const room = new BytesInFlight({ small: MB, large: 20 * MB });
    const [ended, slow] = [open(room, 10 * MB), open(room, 10 * MB)];
    await ended.growTo(8.5 * MB);
    await slow.growTo(8 * MB);
    for (const { pace } of [ended, slow]) pace.expect();
    for (let i = 0; i < 70; i++) {
      await sleep(50);
      for (const { pace } of [ended, slow]) pace.foundNothing();
    }
    const other = open(room, 10 * MB).growTo(10 * MB);
    await sleep(500);
    expect([ended.isLost, slow.isLost]).toEqual([true, false]);
    await sleep(1_500);
    expect(slow.isLost).toBe(true);
    slow.release();
    await other;
  });

  it(
    "gives the room of a request that has ended to others while they wait",
    { timeout: 25_000 },
    async () => {
      const room = new BytesInFlight({ small: MB, large: 20 * MB });
      const timers = vi.spyOn(globalThis, "setInterval").mockReturnValue(undefined as never);
      const ended = open(room, 16 * MB);
      timers.mockRestore();
      await ended.growTo(16 * MB);
      await expect(open(room, 10 * MB).growTo(10 * MB)).resolves.toBeUndefined();
    },
  );

  it("does not take a client for slow while the isolate is busy", async () => {
    const room = new BytesInFlight({ small: MB, large: 20 * MB });
    const share = open(room, 16 * MB);
    await share.growTo(15 * MB);
    share.pace.expect();
    const until = Date.now() + 3_500;
    while (Date.now() < until);
    const other = open(room, 10 * MB).growTo(10 * MB);
    expect(await happens(other)).toBe(false);
    share.assertKept();
    share.release();
    await other;
  });

  it.each([
    { rate: 20_000, isSlow: false },
    { rate: 5_000, isSlow: true },
  ])("a client that reads $rate bytes a second is slow: $isSlow", ({ rate, isSlow }) => {
    const share = open(new BytesInFlight({ small: MB, large: 20 * MB }), MB);
    vi.useFakeTimers({ toFake: ["Date"] });
    share.beginAnswer();
    let wasSlow = false;
    for (let i = 0; i < 20; i++) {
      share.pace.expect();
      isSilent(share, (1000 * 65_536) / rate);
      wasSlow ||= share.pace.isSlow;
      share.pace.received(65_536);
    }
    expect(wasSlow).toBe(isSlow);
  });

  it("does not count how slowly the body came while the answer is read", () => {
    const share = open(new BytesInFlight({ small: MB, large: 20 * MB }), MB);
    vi.useFakeTimers({ toFake: ["Date"] });
    share.pace.expect();
    isSilent(share, 4_000);
    share.pace.received(0);
    share.beginAnswer();
    share.pace.expect();
    isSilent(share, 1_000);
    expect(share.pace.isSlow).toBe(false);
  });

  it("gives nothing more to one that has lost its room, and no answer", async () => {
    const share = open(new BytesInFlight({ small: MB, large: 20 * MB }), 10 * MB);
    await share.growTo(MB);
    share.lose();
    await expect(share.growTo(5 * MB)).rejects.toMatchObject({ code: "overloaded" });
    expect(() => share.beginAnswer()).toThrow(/too slowly/);
  });

  it("breaks a slowly read answer off only for one that has waited for seconds", async () => {
    const room = new BytesInFlight({ small: MB, large: 20 * MB });
    const [answered, small] = [open(room, 12 * MB), open(room, MB)];
    await answered.growTo(12 * MB);
    await small.growTo(MB);
    for (const share of [answered, small]) {
      share.beginAnswer();
      share.pace.isBehind = true;
    }
    const growth = open(room, 10 * MB).growTo(10 * MB);
    growth.catch(() => {});
    await sleep(3_000);
    expect(answered.isLost).toBe(false);
    await vi.waitUntil(() => answered.isLost, { timeout: 5_000 });
    answered.release();
    await growth;
    // It was not needed.
    expect(small.isLost).toBe(false);
  });

  it("breaks no answer off if that would not help", async () => {
    const room = new BytesInFlight({ small: MB, large: 20 * MB });
    const [answered, other] = [open(room, MB), open(room, 15 * MB)];
    await other.growTo(15 * MB);
    await answered.growTo(MB);
    answered.beginAnswer();
    answered.pace.isBehind = true;
    const growth = open(room, 10 * MB).growTo(10 * MB);
    growth.catch(() => {});
    await sleep(7_000);
    expect(answered.isLost).toBe(false);
    other.release();
    await growth;
  });

  it("lets a client of a steady pace keep its room", { timeout: 20_000 }, async () => {
    const room = new BytesInFlight({ small: MB, large: 20 * MB });
    const steady = open(room, 16 * MB);
    await steady.growTo(15 * MB);
    const other = open(room, 10 * MB).growTo(10 * MB);
    for (let i = 0; i < 30; i++) {
      steady.pace.expect();
      await sleep(100);
      steady.pace.received(50_000);
      steady.assertKept();
    }
    steady.release();
    await expect(other).resolves.toBeUndefined();
  });
});
