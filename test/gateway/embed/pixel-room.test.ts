/** Room for decoded pictures: bounded for all requests together, and nobody waits for a slow or a greedy one. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { BytesInFlight } from "../../../functions/gateway/body/bytes-in-flight.ts";
import { ClientPace } from "../../../functions/gateway/body/client-pace.ts";
import { PIXEL_ROOM, PixelRoom } from "../../../functions/gateway/embed/pixel-room.ts";
import type { PixelShare } from "../../../functions/gateway/embed/pixel-share.ts";
import { happens } from "../../support/eventually.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

const bytesOf = (size: number): number => 3 * size ** 2;

type Options = Parameters<PixelRoom["open"]>[1];

let room: PixelRoom;
let opened: PixelShare[] = [];

provideScheduler();

afterEach(() => {
  vi.useRealTimers();
  for (const share of opened) share.release();
  opened = [];
});

function open(size: number, options: Options = { isOfSeveral: true }): PixelShare {
  const share = room.open(bytesOf(size), options);
  opened.push(share);
  return share;
}

async function take(share: PixelShare, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken++) await share.take();
}

/** Bytes that all shares hold. */
const held = (): number => opened.reduce((sum, share) => sum + share.held, 0);

it.each([256, 320, 384, 512])("has room for a request of 16 pictures of %i pixels", async (size) => {
  room = new PixelRoom();
  expect(await happens(take(open(size), 16))).toBe(true);
});

it("holds no more than it may, and lets the first finish that has begun", async () => {
  room = new PixelRoom();
  const shares = Array.from({ length: 20 }, () => open(384));
  const all = shares.map(async (share) => {
    await take(share, 16);
    share.complete();
    await sleep(100);
    for (let given = 0; given < 16; given++) share.giveBack();
    share.release();
  });
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, held())), 5);
  await Promise.all(all);
  clearInterval(watch);
  expect(most).toBeGreaterThan(bytesOf(384) * 16 - 1);
  expect(most).toBeLessThanOrEqual(PIXEL_ROOM.several);
});

it("does not let a request of one picture wait for those of several", async () => {
  room = new PixelRoom();
  const several = Array.from({ length: 20 }, () => open(256));
  for (const share of several) void take(share, 16).catch(() => {});
  await sleep(100);
  expect(await happens(open(256, {}).take())).toBe(true);
});

it("refuses requests that wait for room for several and hold what those of one picture need", async () => {
  room = new PixelRoom();
  const first = open(384);
  await take(first, 16);
  first.complete();
  const forms = Array.from({ length: 20 }, () => open(384, {}));
  const outcomes = forms.map(async (share) => {
    try {
      await take(share, 6);
      return "taken";
    } catch (error) {
      share.release();
      return (error as { code: string }).code;
    }
  });
  await sleep(500);
  expect(await happens(open(384, {}).take())).toBe(true);
  for (const share of [first, ...forms]) share.release();
  expect(await Promise.all(outcomes)).toContain("overloaded");
});

it("takes pictures from a request whose next one comes slowly, if others wait", async () => {
  room = new PixelRoom();
  let lost = 0;
  const slow = Array.from({ length: 3 }, () => open(384, { isOfSeveral: true, onLost: () => lost++ }));
  const [first, second] = slow as [PixelShare, PixelShare, PixelShare];
  await take(first, 15);
  first.expectNext();
  await take(second, 3);
  second.expectNext();
  await sleep(4_000);
  // Nobody else needs the room.
  expect(lost).toBe(0);
  const next = open(384);
  expect(await happens(take(next, 16))).toBe(true);
  expect(lost).toBe(1);
  await expect(first.take()).rejects.toMatchObject({ code: "overloaded" });
  expect(() => first.complete()).toThrow(/too slowly/);
  expect(second.isLost).toBe(false);
});

it("lets the next one finish first if the first was slow and goes on", async () => {
  room = new PixelRoom();
  const [slow, next] = [open(384), open(384)];
  await take(slow, 2);
  slow.expectNext();
  await sleep(3_500);
  await take(next, 10);
  slow.hasNext();
  const rest = take(slow, 14);
  expect(await happens(take(next, 6))).toBe(true);
  next.complete();
  next.release();
  await rest;
});

it("lets a request whose body has come finish before forms that began earlier", async () => {
  room = new PixelRoom();
  const [first, other] = [open(384), open(384)];
  const form = open(384, { isOfSeveral: true, pace: new ClientPace() });
  await take(first, 15);
  await take(form, 2);
  await take(other, 2);
  const rest = take(form, 14);
  const answer = take(other, 14);
  first.release();
  expect(await happens(answer)).toBe(true);
  other.release();
  await rest;
});

it("takes pictures from one that is not first if all wait for each other", async () => {
  room = new PixelRoom();
  const [slow, next] = [open(384), open(384)];
  await take(slow, 15);
  slow.expectNext();
  await sleep(3_500);
  await take(next, 5);
  slow.hasNext();
  const refusal = slow.take();
  expect(await happens(Promise.allSettled([refusal, take(next, 11)]))).toBe(true);
  expect(next.held).toBe(16 * bytesOf(384));
  await expect(refusal).rejects.toMatchObject({ code: "overloaded" });
});

it.each([2, 15])(
  "a form of %i pictures that waits for bytes does not delay for long the request that has them",
  async (pictures) => {
    room = new PixelRoom();
    const bodies = new BytesInFlight({ small: 1_000_000, large: 40_000_000 });
    const body = bodies.open(24_000_000);
    const form = open(384, { isOfSeveral: true, pace: body.pace });
    await take(form, pictures);
    form.expectNext();
    const other = bodies.open(26_000_000);
    await other.growTo(26_000_000);
    other.complete(26_000_000);
    const growth = body.growTo(20_000_000);
    const answer = take(open(384), 16);
    answer.catch(() => {});
    await sleep(3_000);
    // Those that have the bytes may be answered soon.
    expect(form.isLost).toBe(false);
    expect(await Promise.race([answer.then(() => true), sleep(5_000, false)])).toBe(true);
    expect(form.isLost).toBe(pictures > 4);
    other.release();
    await growth;
    body.release();
  },
);

it.each([
  { isOfSeveral: false, each: 1 },
  { isOfSeveral: true, each: 16 },
])("gives room first to the client that holds least ($each pictures)", async ({ isOfSeveral, each }) => {
  room = new PixelRoom();
  const order: string[] = [];
  const ask = async (owner: string): Promise<void> => {
    const share = open(384, { isOfSeveral, owner });
    await take(share, each);
    order.push(owner);
    share.complete();
    await sleep(100);
    share.release();
  };
  await Promise.all([...Array.from({ length: 16 }, () => "many"), "few"].map(ask));
  // Four pictures have room beside those of the first, or in the room for one.
  expect(order.indexOf("few")).toBeLessThanOrEqual(5);
});

it("judges a form's client by how it sends, not by the time between two pictures", async () => {
  room = new PixelRoom();
  const pace = new ClientPace();
  const share = open(384, { isOfSeveral: true, pace });
  await take(share, 15);
  share.expectNext();
  pace.expect();
  const sends = setInterval(() => {
    pace.received(500_000);
    pace.expect();
  }, 100);
  await sleep(4_000);
  expect(await happens(take(open(384), 5))).toBe(false);
  expect(share.isLost).toBe(false);
  clearInterval(sends);
});

it.each([
  { rate: 500_000, isDelayed: false },
  { rate: 90_000, isDelayed: true },
])("a form whose next picture of 18 MB comes at $rate bytes a second: $isDelayed", ({ rate, isDelayed }) => {
  room = new PixelRoom();
  vi.useFakeTimers({ toFake: ["Date"] });
  const pace = new ClientPace();
  const form = open(384, { isOfSeveral: true, pace });
  form.expectNext();
  let wasDelayed = false;
  while (pace.bytes < 18_000_000) {
    pace.expect();
    vi.setSystemTime(Date.now() + 50);
    pace.received(rate / 20);
    wasDelayed ||= form.isDelayed;
  }
  expect(wasDelayed).toBe(isDelayed);
});

it("takes pictures from a form that goes on for long without a next one", { timeout: 20_000 }, async () => {
  room = new PixelRoom();
  const pace = new ClientPace();
  const form = open(384, { isOfSeveral: true, pace });
  await take(form, 15);
  form.expectNext();
  pace.expect();
  // Fast enough for a body.
  const sends = setInterval(() => {
    pace.received(4_500);
    pace.expect();
  }, 50);
  const waiting = take(open(384), 16);
  waiting.catch(() => {});
  const isTaken = await Promise.race([waiting.then(() => true), sleep(10_000, false)]);
  clearInterval(sends);
  expect(isTaken).toBe(true);
  expect(form.isLost).toBe(true);
});

it("does not count a form's time once all of it has come", async () => {
  room = new PixelRoom();
  const pace = new ClientPace();
  const form = open(384, { isOfSeveral: true, pace });
  await take(form, 15);
  form.expectNext();
  form.formCame();
  await sleep(4_000);
  expect(await happens(take(open(384), 5))).toBe(false);
  expect(form.isLost).toBe(false);
});
