/** Matrices stay within the limit, even if many large sets are used at once. */
import { scheduler } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MatrixMemory, type UsedMatrix } from "../../../functions/gateway/label-sets/matrix-memory.ts";
import type { LabelMatrix } from "../../../functions/label-sets/label-matrix.ts";
import { GivenNames } from "../../../functions/label-sets/label-names.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

provideScheduler();

const MB = 1_000_000;
const LIMITS = { small: 2 * MB, large: 40 * MB };

function matrixOf(bytes: number): LabelMatrix {
  const none = new Float32Array(0);
  const packed = { byteLength: bytes } as ArrayBuffer;
  return {
    labels: new GivenNames(["a"]),
    minSimilarity: [],
    vectors: none,
    negative: none,
    truncated: new Set<number>(),
    tokens: 0,
    packed,
  };
}

async function load(memory: MatrixMemory, key: string, bytes: number): Promise<UsedMatrix> {
  return await memory.load(key, bytes, async () => {
    await scheduler.wait(1);
    return matrixOf(bytes);
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("matrices in memory", () => {
  it("leave half of the room to requests while lines of batches use theirs", async () => {
    const memory = new MatrixMemory(LIMITS);
    const ofLine = async (key: string): Promise<UsedMatrix> =>
      await memory.load(key, MB / 2, async () => matrixOf(MB / 2), true);
    const used = [await ofLine("a"), await ofLine("b")];
    let isLoaded = false;
    const third = ofLine("c").then((matrix) => {
      isLoaded = true;
      return matrix;
    });
    // A request does not wait behind it.
    for (const key of ["d", "e"]) used.push(await load(memory, key, MB / 2));
    expect(isLoaded).toBe(false);
    for (const { release } of used) release();
    (await third).release();
  });

  it("are kept while there is room; the least recently used are dropped first", async () => {
    const memory = new MatrixMemory(LIMITS);
    for (const key of ["a", "b", "c"]) (await load(memory, key, 12 * MB)).release();
    memory.use("a")?.release();
    (await load(memory, "d", 12 * MB)).release();
    expect(["a", "b", "c", "d"].filter((key) => memory.use(key) !== undefined)).toEqual(["a", "c", "d"]);
    expect(memory.bytes).toBe(36 * MB);
  });

  it("are freed when they are dropped, but not while a request uses them", async () => {
    const memory = new MatrixMemory(LIMITS);
    const loaded = async (key: string): Promise<UsedMatrix> =>
      await memory.load(key, 12 * MB, async () => ({
        ...matrixOf(12 * MB),
        packed: new ArrayBuffer(12 * MB),
      }));
    const [a, b] = [await loaded("a"), await loaded("b")];
    a.release();
    (await loaded("c")).release();
    (await loaded("d")).release();
    expect([a, b].map(({ matrix }) => matrix.packed.detached)).toEqual([true, false]);
    b.release();
  });

  it("never take more than the limit, even if many are used at once", async () => {
    const memory = new MatrixMemory(LIMITS);
    let most = 0;
    const use = async (key: string, bytes: number): Promise<void> => {
      const used = memory.use(key) ?? (await load(memory, key, bytes));
      most = Math.max(most, memory.bytes);
      await scheduler.wait(2);
      used.release();
    };
    const sizes = [26, 14, 39, 3, 26, 1.5, 20, 8].map((size) => size * MB);
    await Promise.all(
      [0, 1, 2].flatMap((round) => sizes.map((size, i) => use(`${(i + round) % 5} ${size}`, size))),
    );
    expect(most).toBeGreaterThan(30 * MB);
    expect(most).toBeLessThanOrEqual(LIMITS.large);
  });

  it("are not found by others if their set was deleted while they were loaded", async () => {
    const memory = new MatrixMemory(LIMITS);
    const loading = load(memory, "a", 26 * MB);
    await scheduler.wait(0);
    memory.forget("a");
    const used = await loading;
    expect(memory.use("a")).toBeUndefined();
    expect(memory.bytes).toBe(26 * MB);
    used.release();
    (await load(memory, "b", 30 * MB)).release();
    expect(memory.bytes).toBe(30 * MB);
  });

  it("stay until they are released", async () => {
    const memory = new MatrixMemory(LIMITS);
    const first = await load(memory, "a", 30 * MB);
    let isLoaded = false;
    const second = load(memory, "b", 20 * MB).then((used) => {
      isLoaded = true;
      return used;
    });
    await scheduler.wait(100);
    expect(isLoaded).toBe(false);
    first.release();
    (await second).release();
    expect(memory.use("a")).toBeUndefined();
  });

  it("that are small do not wait for large ones", async () => {
    const memory = new MatrixMemory(LIMITS);
    const large = await load(memory, "a", 40 * MB);
    (await load(memory, "b", MB / 2)).release();
    expect(memory.bytes).toBe(40.5 * MB);
    large.release();
  });

  it("are refused while others stay in use", async () => {
    const memory = new MatrixMemory(LIMITS);
    const first = await load(memory, "a", 30 * MB);
    const pauses = vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    await expect(load(memory, "b", 20 * MB)).rejects.toMatchObject({ code: "overloaded" });
    const waited = pauses.mock.calls.reduce((sum, [milliseconds]) => sum + milliseconds, 0);
    expect(waited).toBeGreaterThan(15_000);
    first.release();
  });

  it("are released for requests that show no sign of life", async () => {
    const memory = new MatrixMemory(LIMITS);
    await load(memory, "a", 30 * MB);
    const now = Date.now() + 31_000;
    vi.spyOn(Date, "now").mockReturnValue(now);
    (await load(memory, "b", 20 * MB)).release();
    expect(memory.use("a")).toBeUndefined();
  });

  it("take no room when they could not be loaded", async () => {
    const memory = new MatrixMemory(LIMITS);
    const failure = memory.load("a", 30 * MB, async () => await Promise.reject(new Error("no")));
    await expect(failure).rejects.toThrow("no");
    expect(await memory.load("a", 30 * MB, async () => await Promise.resolve(undefined))).toBeUndefined();
    expect(memory.bytes).toBe(0);
  });

  it("count as long as they are used, even if their set was deleted or loaded again", async () => {
    const memory = new MatrixMemory(LIMITS);
    const first = await load(memory, "a", 15 * MB);
    memory.forget("a");
    expect(memory.use("a")).toBeUndefined();
    const second = await load(memory, "a", 15 * MB);
    expect(memory.bytes).toBe(30 * MB);
    first.release();
    second.release();
  });

  it("know when their set was last seen to exist", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const memory = new MatrixMemory(LIMITS);
    const began = Date.now();
    const loading = load(memory, "a", MB);
    expect(memory.checkedAt("a")).toBeUndefined();
    (await loading).release();
    vi.setSystemTime(began + 5_000);
    expect(memory.checkedAt("a")).toBe(began);
    memory.checked("a");
    memory.checked("b");
    expect([memory.checkedAt("a"), memory.checkedAt("b")]).toEqual([began + 5_000, undefined]);
    vi.useRealTimers();
  });

  it("that are loaded twice both count until the older one is released", async () => {
    const memory = new MatrixMemory(LIMITS);
    const [first, second] = await Promise.all([load(memory, "a", 15 * MB), load(memory, "a", 15 * MB)]);
    expect(memory.bytes).toBe(30 * MB);
    first.release();
    (await load(memory, "b", 20 * MB)).release();
    expect(memory.bytes).toBe(35 * MB);
    second.release();
  });

  it("wait for room in order of arrival, even if a later one would fit", async () => {
    const memory = new MatrixMemory(LIMITS);
    const first = await load(memory, "a", 30 * MB);
    const order: string[] = [];
    const loads = [30, 5].map(async (size) => {
      const used = await load(memory, `${size}`, size * MB);
      order.push(`${size}`);
      used.release();
    });
    await scheduler.wait(100);
    expect(order).toEqual([]);
    first.release();
    await Promise.all(loads);
    expect(order).toEqual(["30", "5"]);
  });

  it("are found if another set was deleted while they were loaded", async () => {
    const memory = new MatrixMemory(LIMITS);
    const loading = load(memory, "a", 26 * MB);
    await scheduler.wait(0);
    memory.forget("b");
    (await loading).release();
    expect(memory.use("a")).toBeDefined();
  });

  it("of a set that can never fit are refused at once", async () => {
    await expect(load(new MatrixMemory(LIMITS), "a", 41 * MB)).rejects.toMatchObject({ code: "too_long" });
  });
});
