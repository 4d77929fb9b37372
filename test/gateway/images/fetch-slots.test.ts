/**
 * Silent picture servers of some lines of a batch's part leave the pictures of the others alone, though the platform
 * admits six connections of an invocation. Local workerd admits any number, so the network here is made for the test.
 */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { embedImages } from "../../../functions/gateway/embed/embed-images.ts";
import type { PictureBatch } from "../../../functions/gateway/embed/picture-batch.ts";
import { FetchSlots } from "../../../functions/gateway/images/fetch/fetch-slots.ts";
import { ImageFetch } from "../../../functions/gateway/images/fetch/image-fetch.ts";
import { Picture } from "../../../functions/gateway/images/request-picture.ts";
import { Timings } from "../../../functions/gateway/timings.ts";

const ADMITTED = 6;

/** Hosts that were asked, in order. */
let asked: string[] = [];
let mostAtOnce = 0;
let connected = 0;

beforeEach(() => {
  [asked, mostAtOnce, connected] = [[], 0, 0];
  vi.useFakeTimers();
  vi.stubGlobal("fetch", admitting);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A network that keeps connections waiting when it has admitted six. */
async function admitting({ hostname }: URL, { signal }: { signal: AbortSignal }): Promise<Response> {
  signal.throwIfAborted();
  while (isFull()) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    signal.throwIfAborted();
  }
  asked.push(hostname);
  mostAtOnce = Math.max(mostAtOnce, ++connected);
  try {
    if (hostname.startsWith("silent")) await aborted(signal);
    return new Response("picture");
  } finally {
    connected--;
  }
}

function isFull(): boolean {
  return connected >= ADMITTED;
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error("aborted"))),
  );
}

/** The pictures of a line. @returns their embeddings, or the error's message */
async function lineWith(hosts: readonly string[], fetchSlots: FetchSlots): Promise<number | string> {
  const batch = {
    context: { env: {}, timings: new Timings(), client: "account/a", fetchSlots },
    strings: [],
    severalCome: () => {},
    expectNext: () => {},
    releaseStrings: () => {},
    add: async (_file: unknown, param: string) => new Picture("hash", param, new Float32Array(1)),
    embed: async () => {},
  } as unknown as PictureBatch;
  const urls = hosts.map((host) => `https://${host}.example.com/a.png`);
  return await embedImages(urls, batch).then(
    ({ embeddings }) => embeddings.length,
    (error: unknown) => String(error),
  );
}

it("answers the pictures of other lines while six servers are silent", async () => {
  const slots = new FetchSlots();
  const silent = Array.from({ length: 6 }, (_, index) => lineWith([`silent-${index}`], slots));
  const good = ["a", "b"].map((name) =>
    lineWith(
      Array.from({ length: 4 }, (_, index) => `good-${name}-${index}`),
      slots,
    ),
  );
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await Promise.all(good)).toEqual([4, 4]);
  for (const answer of await Promise.all(silent)) expect(answer).toMatch(/did not arrive within 10 s/);
  expect(mostAtOnce).toBe(4);
  expect(asked).toHaveLength(14);
});

it("does not ask a server whose picture is not wanted any more when its turn comes", async () => {
  const slots = new FetchSlots();
  const silent = Array.from({ length: 4 }, (_, index) => lineWith([`silent-${index}`], slots));
  const options = { allowed: [], client: "account/a", slots };
  const cancelled = new ImageFetch("https://cancelled.example.com/a.png", "images[0]", options);
  cancelled.open();
  const next = lineWith(["good"], slots);
  cancelled.cancel();
  await vi.advanceTimersByTimeAsync(30_000);
  await Promise.all(silent);
  expect(await next).toBe(1);
  expect(asked).not.toContain("cancelled.example.com");
  expect(asked).toContain("good.example.com");
});

it("has all of its slots again when servers have answered", async () => {
  const slots = new FetchSlots();
  for (let fetched = 0; fetched < 9; fetched++) expect(await lineWith(["good"], slots)).toBe(1);
  const silent = Array.from({ length: 3 }, (_, index) => lineWith([`silent-${index}`], slots));
  const good = lineWith(["good"], slots);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await good).toBe(1);
  await vi.advanceTimersByTimeAsync(30_000);
  await Promise.all(silent);
});
