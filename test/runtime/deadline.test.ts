/** Waiting ends at the deadline, unless there are signs of life. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { DeadlineError, withDeadline } from "../../functions/runtime/deadline.ts";

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

it("gives what the work gives, or throws what it throws", async () => {
  expect(await withDeadline(1000, async () => 7)).toBe(7);
  await expect(
    withDeadline(1000, async () => {
      throw new Error("broken");
    }),
  ).rejects.toThrow("broken");
});

it("gives up on silence, and says for how long there was any", async () => {
  const silent = withDeadline(20, () => new Promise(() => {}));
  await expect(silent).rejects.toThrow(DeadlineError);
  await expect(silent).rejects.toMatchObject({ name: "DeadlineError", message: "no answer for 20 ms" });
});

it("waits as long as there are signs of life", async () => {
  const slow = withDeadline(100, async (alive) => {
    for (let i = 0; i < 6; i++) {
      await sleep(40);
      alive();
    }
    return "done";
  });
  expect(await slow).toBe("done");
});

it("gives up when the signs of life stop, and starts nothing at those that come later", async () => {
  let late: (() => void) | undefined;
  const work = withDeadline(20, async (alive) => {
    late = alive;
    await sleep(10);
    alive();
    await new Promise(() => {});
  });
  await expect(work).rejects.toThrow(DeadlineError);
  const before = timers();
  late?.();
  expect(timers()).toBe(before);
});

it("leaves no timer behind", async () => {
  const before = timers();
  await withDeadline(60_000, async (alive) => alive());
  expect(timers()).toBe(before);
});
