/** Turns at the decoder: one at a time, in order of arrival, even if some requests leave. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { DecoderQueue } from "../../functions/decoder/decoder-queue.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

provideScheduler();

afterEach(() => {
  vi.useRealTimers();
});

/** Passes time that only the clock shows, and lets everybody poll. */
async function pass(milliseconds: number): Promise<void> {
  vi.setSystemTime(Date.now() + milliseconds);
  await sleep(30);
}

it("serves in order of arrival", async () => {
  const queue = new DecoderQueue();
  const order: number[] = [];
  let running = 0;
  const first = queue.run(() => sleep(50));
  const others = Array.from({ length: 20 }, async (_, i) => {
    // Desynchronize the polls.
    await sleep((i * 7) / 3);
    await queue.run(async (alive) => {
      expect(++running).toBe(1);
      await sleep(2);
      alive();
      order.push(i);
      running--;
    });
  });
  await Promise.all([first, ...others]);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order).toHaveLength(20);
});

it("goes on after work that fails", async () => {
  const queue = new DecoderQueue();
  const failed = queue.run(async () => {
    throw new Error("no picture");
  });
  const next = queue.run(async () => "next");
  await expect(failed).rejects.toThrow("no picture");
  expect(await next).toBe("next");
});

it("serves the background after all others, yet not last for ever", async () => {
  const queue = new DecoderQueue();
  const order: string[] = [];
  const take = (name: string, priority: "interactive" | "background") =>
    queue.run(async () => {
      await sleep(1);
      order.push(name);
    }, priority);
  const held = queue.run(() => sleep(30));
  const background = take("background", "background");
  const others = Array.from({ length: 40 }, (_, index) => take(`${index}`, "interactive"));
  await Promise.all([held, background, ...others]);
  // Eight went first, with the one that had the turn already.
  expect(order.indexOf("background")).toBe(7);
});

it("takes the turn of a request that is silent for five seconds, which then learns of it", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const queue = new DecoderQueue();
  const order: string[] = [];
  const { promise: moreComes, resolve: send } = Promise.withResolvers<void>();
  const { promise: decoded, resolve: finish } = Promise.withResolvers<void>();
  const slow = queue.run(async (alive) => {
    await pass(4_000);
    alive();
    await moreComes;
    alive();
  });
  slow.catch(() => {});
  const waits = vi.fn<() => void>();
  const next = queue.run(
    async () => {
      order.push("next");
      await decoded;
    },
    "interactive",
    waits,
  );
  await pass(0);
  expect(waits).toHaveBeenCalled();
  await pass(5_000);
  expect(order).toEqual([]);
  await pass(1);
  expect(order).toEqual(["next"]);
  send();
  await expect(slow).rejects.toMatchObject({ code: "overloaded" });
  // The turn is still that of the next one.
  const last = queue.run(async () => void order.push("last"));
  await pass(0);
  expect(order).toEqual(["next"]);
  finish();
  await Promise.all([next, last]);
  expect(order).toEqual(["next", "last"]);
});

it("passes over a waiting request that does not poll for five seconds", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const queue = new DecoderQueue();
  const { promise: decoded, resolve: finish } = Promise.withResolvers<void>();
  const held = queue.run(async () => await decoded);
  // Its timer never fires, as in a request whose client has left.
  Object.assign(globalThis, { scheduler: { wait: () => new Promise(() => {}) } });
  void queue.run(async () => {});
  provideScheduler();
  let isServed = false;
  const next = queue.run(async () => void (isServed = true));
  finish();
  await held;
  await pass(5_000);
  expect(isServed).toBe(false);
  await pass(1);
  expect(isServed).toBe(true);
  await next;
});
