/** Turns at the decoder: one at a time, in order of arrival, even if some requests leave. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { Turn } from "../../functions/decoder/turn.ts";

beforeAll(() => {
  (globalThis as Record<string, unknown>)["scheduler"] ??= { wait: sleep };
});

it("serves in order of arrival", async () => {
  const turn = new Turn();
  const order: number[] = [];
  let running = 0;
  const first = turn.take(() => sleep(50));
  const others = Array.from({ length: 20 }, async (_, i) => {
    // Desynchronize the polls.
    await sleep((i * 7) / 3);
    await turn.take(async (alive) => {
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
  const turn = new Turn();
  const failed = turn.take(async () => {
    throw new Error("no picture");
  });
  const next = turn.take(async () => "next");
  await expect(failed).rejects.toThrow("no picture");
  expect(await next).toBe("next");
});

it("serves the background after all others, yet not last for ever", async () => {
  const turn = new Turn();
  const order: string[] = [];
  const take = (name: string, priority: "interactive" | "background") =>
    turn.take(async () => {
      await sleep(1);
      order.push(name);
    }, priority);
  const held = turn.take(() => sleep(30));
  const background = take("background", "background");
  const others = Array.from({ length: 40 }, (_, index) => take(`${index}`, "interactive"));
  await Promise.all([held, background, ...others]);
  // Eight went first, with the one that had the turn already.
  expect(order.indexOf("background")).toBe(7);
});
