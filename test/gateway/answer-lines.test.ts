/** A part of a batch whose answers are not wanted any more, and whose lines have not come yet. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import type { Bindings } from "../../functions/gateway/bindings.ts";
import { answerLines } from "../../functions/gateway/lines/answer-lines.ts";

vi.mock("cloudflare:workers", () => ({ tracing: {} }));
vi.mock("../../model-shards/clip-bpe.bin", () => ({ default: new ArrayBuffer(0) }));

const LINE_FEED = 0x0a;
/** Milliseconds for which blank lines come. */
const COME_FOR = 15_000;

it("stops reading blank lines when nobody wants the answers", { timeout: 30_000 }, async () => {
  const until = Date.now() + COME_FOR;
  let isCancelled = false;
  const lines = new ReadableStream({
    type: "bytes",
    pull: async (controller) => {
      await sleep(20);
      if (Date.now() < until) return controller.enqueue(new Uint8Array(100).fill(LINE_FEED));
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const request = {
    account: "a",
    keyId: null,
    tier: "free",
    endpoint: "/v1/embeddings",
    count: 1,
    left: null,
  } as const;
  const context = {
    env: {} as Bindings,
    ctx: {} as ExecutionContext,
    wanted: () => false,
    requestId: "part",
  };
  const answered = await answerLines(request, lines, new WritableStream(), context);
  expect(answered).toMatchObject({ completed: 0, failed: 0, left: [0] });
  expect(isCancelled).toBe(true);
  expect(Date.now()).toBeLessThan(until - COME_FOR / 3);
});
