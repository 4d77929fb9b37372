/** Values are written to KV a few at a time, and not for longer than an invocation lives after its answer. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { partCache } from "../../../functions/gateway/coalesced-calls/part-cache.ts";
import type { EmbedContext } from "../../../functions/gateway/embed/embed-context.ts";
import { ImageCache } from "../../../functions/gateway/embed/image-cache.ts";
import { KvWrites } from "../../../functions/gateway/embed/kv-writes.ts";
import { type PromptsKey, TextCache } from "../../../functions/gateway/embed/text-cache.ts";
import { writeMatrix } from "../../../functions/gateway/label-sets/matrix-cache.ts";
import type { LabelMatrix } from "../../../functions/label-sets/label-matrix.ts";
import { DeadlineError, DEADLINES } from "../../../functions/runtime/deadline.ts";

// Node has no `toBase64` yet.
vi.mock("../../../functions/gateway/base64.ts", () => ({
  encodeBase64: (bytes: Uint8Array) => Buffer.from(bytes).toString("base64"),
}));

const WIDTH = 4;
const COUNT = 100;
/** What the platform lets wait for headers, without the picture servers of `fetch-slots.ts`. */
const AT_ONCE = 2;

const realTimeout = setTimeout;
const warned = vi.spyOn(console, "warn").mockImplementation(() => {});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  warned.mockClear();
});

afterEach(() => {
  vi.useRealTimers();
});

class Kv {
  readonly keys: string[] = [];
  most = 0;
  #running = 0;
  readonly #answers: boolean;

  /** @param answers false for one that is silent */
  constructor(answers: boolean) {
    this.#answers = answers;
  }

  readonly put = async (key: string): Promise<void> => {
    this.keys.push(key);
    this.most = Math.max(this.most, ++this.#running);
    await new Promise<void>((resolve) => {
      if (this.#answers) realTimeout(resolve, 2);
    });
    this.#running--;
  };

  get namespace(): KVNamespace {
    return this as unknown as KVNamespace;
  }
}

function contextOf(kv: Kv, waitUntil: EmbedContext["waitUntil"]): EmbedContext {
  const manifest = { revision: "r", embedding_width: WIDTH };
  const env = { CACHE: kv.namespace, IMAGE_CACHE_TTL: 60 };
  return { env, manifest, waitUntil, kvWrites: new KvWrites() } as unknown as EmbedContext;
}

const embedding = new Float32Array(WIDTH);
const texts = new Map(
  Array.from({ length: COUNT }, (_, i) => [`${i}` as PromptsKey, { embedding, tokens: 1, truncated: false }]),
);

const WRITERS: Record<string, (kv: Kv) => Promise<unknown>> = {
  texts: (kv) => new TextCache(kv.namespace, "r", WIDTH, new KvWrites()).write(texts),
  pictures: async (kv) => {
    const writing: Promise<unknown>[] = [];
    const cache = ImageCache.of(contextOf(kv, (work) => void writing.push(work)));
    for (let i = 0; i < COUNT; i++) cache?.write(`${i}`, embedding);
    await Promise.all(writing);
  },
  "lines of a part": async (kv) => {
    const cache = partCache(kv.namespace);
    await Promise.allSettled(Array.from({ length: COUNT }, (_, i) => cache.put(`${i}`, "")));
  },
};

/** Lets everything happen that waits for no timer, until so many writes have begun. */
async function begun(kv: Kv, count: number): Promise<void> {
  while (kv.keys.length < count) await new Promise((resolve) => realTimeout(resolve, 5));
  await new Promise((resolve) => realTimeout(resolve, 20));
}

it.each(Object.entries(WRITERS))("%s are written a few at a time", async (_, write) => {
  const kv = new Kv(true);
  await write(kv);
  expect(new Set(kv.keys).size).toBe(COUNT);
  expect(kv.most).toBe(AT_ONCE);
});

it.each(Object.entries(WRITERS))("%s are given up if KV does not answer", async (_, write) => {
  const kv = new Kv(false);
  let isDone = false;
  const writing = write(kv).then(() => (isDone = true));
  await begun(kv, AT_ONCE);
  await vi.advanceTimersByTimeAsync(DEADLINES.kvWrite - 1_000);
  expect(isDone).toBe(false);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(isDone).toBe(true);
  await writing;
  expect(kv.keys).toHaveLength(AT_ONCE);
});

it("texts and pictures of a request are written a few at a time together", async () => {
  const kv = new Kv(true);
  const writing: Promise<unknown>[] = [];
  const context = contextOf(kv, (work) => void writing.push(work));
  writing.push(new TextCache(kv.namespace, "r", WIDTH, context.kvWrites).write(texts));
  const caches = [ImageCache.of(context), await ImageCache.ofExamples("a", context)];
  for (const cache of caches) for (let i = 0; i < COUNT; i++) cache?.write(`${i}`, embedding);
  await Promise.all(writing);
  expect(new Set(kv.keys).size).toBe(3 * COUNT);
  expect(kv.most).toBe(AT_ONCE);
});

it("a write that was given up keeps its place until KV answers", async () => {
  const writes = new KvWrites();
  const silent = Promise.withResolvers<void>();
  const write = vi.fn<() => Promise<void>>(() => silent.promise);
  const late = Promise.allSettled(Array.from({ length: COUNT }, () => writes.add(write)));
  await vi.advanceTimersByTimeAsync(DEADLINES.kvWrite + 100);
  expect((await late).map(({ status }) => status)).toEqual(Array.from({ length: COUNT }, () => "rejected"));
  await expect(writes.add(write)).rejects.toThrow("not written in time");
  expect(write).toHaveBeenCalledTimes(AT_ONCE);
  silent.resolve();
  await vi.advanceTimersByTimeAsync(0);
  await writes.add(write);
  expect(write).toHaveBeenCalledTimes(AT_ONCE + 1);
});

it("writes go on at the other place when one was given up", async () => {
  const writes = new KvWrites();
  const [silent, slow] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const givenUp = writes.add(() => silent.promise).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  const other = writes.add(() => slow.promise);
  const write = vi.fn<() => Promise<void>>(async () => {});
  const waits = writes.add(write);
  await vi.advanceTimersByTimeAsync(DEADLINES.kvWrite - 10_000 + 100);
  expect(await givenUp).toBeInstanceOf(DeadlineError);
  expect(write).not.toHaveBeenCalled();
  slow.resolve();
  await Promise.all([other, waits]);
  expect(write).toHaveBeenCalledOnce();
  silent.resolve();
  await vi.advanceTimersByTimeAsync(0);
  await writes.add(write);
  expect(write).toHaveBeenCalledTimes(2);
});

it("says once that texts were not written", async () => {
  const kv = new Kv(false);
  const writing = WRITERS["texts"]?.(kv);
  await begun(kv, AT_ONCE);
  await vi.advanceTimersByTimeAsync(DEADLINES.kvWrite + 100);
  await writing;
  expect(warned.mock.calls.flat().join("\n")).toMatch(/^[^\n]*text cache not writable[^\n]*$/);
});

it("a label matrix is released if KV does not answer", async () => {
  const kv = new Kv(false);
  const release = vi.fn<() => void>();
  const matrix = { packed: new ArrayBuffer(64) } as LabelMatrix;
  writeMatrix(
    "a",
    { matrix, release },
    contextOf(kv, () => {}),
  );
  await begun(kv, 1);
  expect(release).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(DEADLINES.kvWrite + 100);
  expect(release).toHaveBeenCalledOnce();
});
