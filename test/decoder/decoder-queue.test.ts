/** Turns at the decoder: one at a time, in order of arrival, even if some requests leave. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { DecoderQueue } from "../../functions/decoder/decoder-queue.ts";
import { provideScheduler } from "../support/scheduler.ts";

provideScheduler();

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
