/** A matrix that KV gives too late is not held beside the one that is read in its place. */
import { expect, it, vi } from "vitest";
import type { EmbedContext } from "../../../functions/gateway/embed/embed-context.ts";
import { readMatrix } from "../../../functions/gateway/label-sets/matrix-cache.ts";
import { Timings } from "../../../functions/gateway/timings.ts";
import { DEADLINES } from "../../../functions/runtime/deadline.ts";

it("frees a value that comes after its deadline", async () => {
  vi.useFakeTimers();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const value = new ArrayBuffer(1_000_000);
  const late = new Promise((resolve) => setTimeout(() => resolve(value), DEADLINES.kv + 300));
  const context = {
    env: { CACHE: { get: () => late } },
    manifest: { revision: "r", embedding_width: 4 },
    timings: new Timings(),
  } as unknown as EmbedContext;
  const read = readMatrix("a", context);
  await vi.advanceTimersByTimeAsync(DEADLINES.kv);
  expect(await read).toBeUndefined();
  expect(value.byteLength).toBe(1_000_000);
  await vi.advanceTimersByTimeAsync(300);
  expect(value.byteLength).toBe(0);
  warned.mockRestore();
  vi.useRealTimers();
});
