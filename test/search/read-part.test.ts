/** A part of a segment that is damaged, or stops coming, is cancelled. */
import { afterEach, expect, test, vi } from "vitest";
import { DEADLINES, DeadlineError } from "../../functions/runtime/deadline.ts";
import { SegmentReader } from "../../functions/search/read-part.ts";
import { DamagedSegmentError } from "../../functions/vector-stores/segment-header.ts";

const REF = { key: "a/1", rows: 1, bytes: 9_000, sha256: "0".repeat(64) };

afterEach(() => {
  vi.useRealTimers();
});

/** A bucket whose object gives some bytes and then nothing more, and never ends. */
function bucketOf(bytes: number): { bucket: R2Bucket; cancelled: () => boolean } {
  let isCancelled = false;
  const body = new ReadableStream({
    type: "bytes",
    start: (controller) => controller.enqueue(new Uint8Array(bytes)),
    cancel: () => {
      isCancelled = true;
    },
  });
  const bucket = { get: async () => ({ body }) } as unknown as R2Bucket;
  return { bucket, cancelled: () => isCancelled };
}

test("the rest of an object is not waited for once a part of it is damaged", async () => {
  const { bucket, cancelled } = bucketOf(5_000);
  const reader = new SegmentReader(bucket, { reads: 0, bytesRead: 0 });
  await expect(reader.header(REF, 16)).rejects.toThrow(DamagedSegmentError);
  expect(cancelled()).toBe(true);
});

test("an object that stops in the middle is cancelled at the deadline", async () => {
  vi.useFakeTimers();
  const { bucket, cancelled } = bucketOf(100);
  const reader = new SegmentReader(bucket, { reads: 0, bytesRead: 0 });
  const failure = reader.header(REF, 16).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(DEADLINES.r2);
  expect(await failure).toBeInstanceOf(DeadlineError);
  expect(cancelled()).toBe(true);
});
