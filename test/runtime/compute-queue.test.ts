/** The queue of requests at what an isolate computes: their order, and requests that stop polling. */
import { scheduler, setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import type { Priority } from "../../functions/runtime/rpc.ts";
import { ComputeQueue } from "../../functions/runtime/sharing/compute-queue.ts";
import { positionsPerStep, stepsOf } from "../../functions/text/steps.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

const { signal } = new AbortController();

provideScheduler();

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A request of this many pieces. Each piece records the request's name. */
async function request(
  queue: ComputeQueue,
  name: string,
  pieces: number,
  done: string[],
  priority?: Priority,
): Promise<void> {
  for (let i = 0; i < pieces; i++) await queue.run(() => done.push(name), signal, priority);
}

it("lets requests take turns, whoever came first and has most", async () => {
  const queue = new ComputeQueue();
  const done: string[] = [];
  await Promise.all([
    request(queue, "large", 20, done),
    request(queue, "middle", 5, done),
    request(queue, "small", 1, done),
  ]);
  expect(done.slice(0, 3)).toEqual(["large", "middle", "small"]);
  const middle = done.flatMap((name, at) => (name === "middle" ? [at] : []));
  expect(middle.map((at, i) => at - (middle[i - 1] ?? 0)).slice(2)).toEqual([2, 2, 2]);
  expect(done).toHaveLength(26);
});

it("computes what nobody waits for when no other request is in line", async () => {
  const queue = new ComputeQueue();
  const done: string[] = [];
  await Promise.all([
    request(queue, "background", 3, done, "background"),
    request(queue, "one", 4, done),
    request(queue, "another", 3, done),
  ]);
  expect(done.slice(-3)).toEqual(["background", "background", "background"]);
});

it("keeps a share for what nobody waits for, however many others are in line", async () => {
  const queue = new ComputeQueue();
  const done: string[] = [];
  // Two parts of a batch have one share, so that a request waits for one piece of them at the most.
  await Promise.all([
    request(queue, "background", 12, done, "background"),
    request(queue, "background", 12, done, "background"),
    request(queue, "one", 100, done),
    request(queue, "another", 100, done),
  ]);
  const at = done.slice(0, 200).flatMap((name, index) => (name === "background" ? [index] : []));
  expect(at.slice(0, 3)).toEqual([8, 17, 26]);
  expect(at.length).toBeGreaterThanOrEqual(20);
});

it("begins what nobody waits for when nobody has waited for a tenth of a second", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const queue = new ComputeQueue();
  const done: string[] = [];
  await request(queue, "background", 1, done, "background");
  await request(queue, "one", 1, done);
  const background = request(queue, "background", 2, done, "background");
  await sleep(20);
  vi.setSystemTime(Date.now() + 99);
  await sleep(20);
  expect(done).toEqual(["background", "one"]);
  vi.setSystemTime(Date.now() + 1);
  // One piece in the background does not keep the next one waiting.
  await background;
  expect(done).toEqual(["background", "one", "background", "background"]);
});

it("waits for nobody when no other request is in line", async () => {
  const polls = vi.spyOn(scheduler, "wait");
  const queue = new ComputeQueue();
  await request(queue, "one", 3, []);
  expect(polls).toHaveBeenCalledTimes(3);
});

it("returns to the event loop between any two pieces, however many requests wait", async () => {
  const queue = new ComputeQueue();
  let passes = 0;
  let isOver = false;
  const pass = (): void => {
    passes++;
    if (!isOver) setImmediate(pass);
  };
  pass();
  const seen: number[] = [];
  const busy = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await queue.run(() => {
        seen.push(passes);
        // So long that all other requests' timers are due when it ends.
        const end = performance.now() + 5;
        while (performance.now() < end);
      }, signal);
    }
  };
  await Promise.all(Array.from({ length: 16 }, () => busy()));
  isOver = true;
  expect(seen).toHaveLength(48);
  expect(new Set(seen).size).toBe(48);
});

it("passes over who never comes back", async () => {
  const queue = new ComputeQueue();
  const done: string[] = [];
  // Its timer never fires, as in a request whose client has left.
  Object.assign(globalThis, { scheduler: { wait: () => new Promise(() => {}) } });
  void request(queue, "gone", 1, done);
  provideScheduler();
  await Promise.all([request(queue, "one", 2, done), request(queue, "other", 2, done)]);
  expect(done).toEqual(["one", "other", "one", "other"]);
});

it("computes nothing for who was taken out of the line, and goes on after a piece that fails", async () => {
  const queue = new ComputeQueue();
  const stop = new AbortController();
  const done: string[] = [];
  const stopped = queue.run(() => done.push("stopped"), stop.signal);
  const failing = queue.run(() => {
    throw new Error("the model failed");
  }, signal);
  const other = request(queue, "other", 1, done);
  stop.abort(new Error("left"));
  await expect(stopped).rejects.toThrow("left");
  await expect(failing).rejects.toThrow("the model failed");
  await other;
  expect(done).toEqual(["other"]);
});

it("cuts texts into steps by their positions", () => {
  expect([...stepsOf([], 10)]).toEqual([]);
  expect([...stepsOf([4, 4, 4, 4], 10)]).toEqual([
    [4, 4],
    [4, 4],
  ]);
  expect([...stepsOf([30, 2, 8, 1, 30], 10)]).toEqual([[30], [2, 8], [1], [30]]);
});

it("gives a larger model shorter steps", () => {
  expect(positionsPerStep({ layers: 12, width: 640 })).toBe(12);
  expect(positionsPerStep({ layers: 4, width: 128 })).toBe(256);
  expect(positionsPerStep({ layers: 48, width: 4096 })).toBe(1);
});
