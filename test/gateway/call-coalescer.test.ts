/** When the calls that wait for a part's lines go: with all lines, after a silence, or after the longest wait. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CallCoalescer, type Waiting } from "../../functions/gateway/coalesced-calls/call-coalescer.ts";

type Kind = "text" | "decoder" | "image";

/** What went, and when, in order. */
let gone: { kind: Kind; at: number }[] = [];

beforeEach(() => {
  gone = [];
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Calls of a kind; each waits until it is asked. */
class Calls implements Waiting {
  isReceiving = false;
  lives = 0;
  readonly #kind: Kind;
  readonly #coalescer: CallCoalescer;
  #asked: PromiseWithResolvers<void>[] = [];

  constructor(kind: Kind, coalescer: CallCoalescer) {
    this.#kind = kind;
    this.#coalescer = coalescer;
    coalescer.add(kind, this);
  }

  get isWaiting(): boolean {
    return this.#asked.length > 0;
  }

  flush(): void {
    gone.push({ kind: this.#kind, at: Date.now() });
    for (const { resolve } of this.#asked.splice(0)) resolve();
  }

  async showLife(): Promise<void> {
    this.lives++;
  }

  async ask(line: string): Promise<void> {
    const asked = Promise.withResolvers<void>();
    this.#asked.push(asked);
    await this.#coalescer.wait(line, asked.promise);
  }
}

interface Part {
  coalescer: CallCoalescer;
  text: Calls;
  decoder: Calls;
  image: Calls;
}

async function partOf(lines: readonly string[], isAllStarted = true): Promise<Part> {
  const coalescer = new CallCoalescer();
  const [text, decoder, image] = (["text", "decoder", "image"] as const).map(
    (kind) => new Calls(kind, coalescer),
  ) as [Calls, Calls, Calls];
  for (const line of lines) await coalescer.start(line);
  if (isAllStarted) coalescer.allStarted();
  return { coalescer, text, decoder, image };
}

/** Passes time. @returns what went, by the milliseconds that had passed */
async function gonePer(milliseconds: number): Promise<Record<number, Kind[]>> {
  const began = Date.now();
  await vi.advanceTimersByTimeAsync(milliseconds);
  const per: Record<number, Kind[]> = {};
  for (const { kind, at } of gone.splice(0)) (per[at - began] ??= []).push(kind);
  return per;
}

it("calls go at once when all lines wait", async () => {
  const { text } = await partOf(["a", "b"]);
  void text.ask("a");
  await vi.advanceTimersByTimeAsync(500);
  void text.ask("b");
  expect(await gonePer(5)).toEqual({ 5: ["text"] });
});

it("calls go when the lines that do not wait have ended", async () => {
  const { coalescer, text } = await partOf(["a", "b"]);
  void text.ask("a");
  await vi.advanceTimersByTimeAsync(500);
  coalescer.finish("b");
  expect(await gonePer(5)).toEqual({ 5: ["text"] });
});

it("calls go after a second without any event if a line does something else", async () => {
  const { coalescer, text } = await partOf(["a", "busy"]);
  void text.ask("a");
  await vi.advanceTimersByTimeAsync(900);
  coalescer.received();
  expect(await gonePer(1_000)).toEqual({ 1_000: ["text"] });
});

it("calls go after two seconds without any event if lines are still to be started", async () => {
  const { text } = await partOf(["a"], false);
  void text.ask("a");
  expect(await gonePer(2_000)).toEqual({ 2_000: ["text"] });
});

it("a line that is started begins the silence anew", async () => {
  const { coalescer, text } = await partOf(["a"], false);
  void text.ask("a");
  await vi.advanceTimersByTimeAsync(1_900);
  await coalescer.start("b");
  expect(await gonePer(2_000)).toEqual({ 2_000: ["text"] });
});

it("calls that waited for further lines go when there are none", async () => {
  const { coalescer, text } = await partOf(["a"], false);
  void text.ask("a");
  await vi.advanceTimersByTimeAsync(500);
  coalescer.allStarted();
  expect(await gonePer(5)).toEqual({ 5: ["text"] });
});

it("calls of one of several towers go, and the other is not asked", async () => {
  const { coalescer, text } = await partOf(["a"]);
  const other = new Calls("text", coalescer);
  void other.ask("a");
  expect(await gonePer(5)).toEqual({ 5: ["text"] });
  expect([text.isWaiting, other.isWaiting]).toEqual([false, false]);
});

it("a line whose call was answered does something again", async () => {
  const { text } = await partOf(["a", "b"]);
  void text.ask("a");
  void text.ask("b");
  expect(await gonePer(5)).toEqual({ 5: ["text"] });
  void text.ask("a");
  expect(await gonePer(1_000)).toEqual({ 1_000: ["text"] });
});

it("the image tower is asked after the decoder", async () => {
  const { decoder, image } = await partOf(["a", "b"]);
  void image.ask("a");
  void decoder.ask("b");
  expect(await gonePer(5)).toEqual({ 5: ["decoder"] });
  void image.ask("b");
  expect(await gonePer(5)).toEqual({ 5: ["image"] });
});

it("texts do not wait for pictures that still come, but pictures wait for each other", async () => {
  const { coalescer, text, decoder } = await partOf(["a", "b", "c"]);
  coalescer.beginPictures("a");
  void text.ask("b");
  void decoder.ask("c");
  expect(await gonePer(1_000)).toEqual({ 1_000: ["text"] });
  expect(await gonePer(5_000)).toEqual({});
  // The rest of its pictures is not to come any more.
  coalescer.endPictures("a");
  void decoder.ask("a");
  void text.ask("b");
  expect(await gonePer(5)).toEqual({ 5: ["text", "decoder"] });
});

it("a line whose pictures are decoded is on its way to the image tower", async () => {
  const { coalescer, text, image } = await partOf(["a", "b"]);
  for (const line of ["a", "b"]) coalescer.beginPictures(line);
  for (const line of ["a", "b"]) coalescer.endPictures(line);
  coalescer.decoded("b");
  void text.ask("b");
  coalescer.asked("a");
  void image.ask("a");
  expect(await gonePer(500)).toEqual({});
  coalescer.asked("b");
  void image.ask("b");
  expect(await gonePer(5)).toEqual({ 5: ["text", "image"] });
});

it("the wait of texts that have gone does not count for pictures", async () => {
  const { coalescer, text, decoder } = await partOf(["a", "b"]);
  coalescer.beginPictures("a");
  void text.ask("b");
  expect(await gonePer(1_000)).toEqual({ 1_000: ["text"] });
  await vi.advanceTimersByTimeAsync(9_000);
  void decoder.ask("b");
  expect(await gonePer(15_000)).toEqual({ 15_000: ["decoder"] });
});

it("all calls go after fifteen seconds, whatever still comes", async () => {
  const { coalescer, decoder, image } = await partOf(["a", "b", "c"]);
  void decoder.ask("b");
  void image.ask("c");
  coalescer.beginPictures("a");
  const events = setInterval(() => coalescer.received(), 300);
  expect(await gonePer(15_000)).toEqual({ 15_000: ["decoder", "image"] });
  // And so do those that come after them.
  void decoder.ask("b");
  expect(await gonePer(15_000)).toEqual({ 15_000: ["decoder"] });
  clearInterval(events);
});

it("the wait begins anew when calls have gone", async () => {
  const { coalescer, decoder } = await partOf(["a", "b"]);
  void decoder.ask("a");
  expect(await gonePer(1_000)).toEqual({ 1_000: ["decoder"] });
  await vi.advanceTimersByTimeAsync(10_000);
  void decoder.ask("a");
  coalescer.beginPictures("b");
  expect(await gonePer(15_000)).toEqual({ 15_000: ["decoder"] });
});

it("calls do not go at once while a file comes to the decoder", async () => {
  const { decoder } = await partOf(["a"]);
  decoder.isReceiving = true;
  void decoder.ask("a");
  expect(await gonePer(1_000)).toEqual({ 1_000: ["decoder"] });
});

it("callers are shown life every three seconds, until their calls go", async () => {
  const { coalescer, text, decoder } = await partOf(["a", "busy"]);
  const events = setInterval(() => coalescer.received(), 300);
  void text.ask("a");
  await vi.advanceTimersByTimeAsync(2_999);
  expect(text.lives).toBe(0);
  await vi.advanceTimersByTimeAsync(7_000);
  expect([text.lives, decoder.lives]).toEqual([3, 0]);
  clearInterval(events);
  expect(await gonePer(901)).toEqual({ 901: ["text"] });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(text.lives).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
});

it("eight lines are busy at once; another begins when one of them waits or has ended", async () => {
  const names = Array.from({ length: 8 }, (_, index) => `${index}`);
  const { coalescer, text } = await partOf(names, false);
  const started: string[] = [];
  const start = async (...lines: string[]): Promise<void> => {
    for (const line of lines) {
      await coalescer.start(line);
      started.push(line);
    }
  };
  void start("next", "last");
  await vi.advanceTimersByTimeAsync(500);
  expect(started).toEqual([]);
  void text.ask("0");
  await vi.advanceTimersByTimeAsync(0);
  expect(started).toEqual(["next"]);
  coalescer.finish("1");
  await vi.advanceTimersByTimeAsync(0);
  expect(started).toEqual(["next", "last"]);
});

it("a line that sends pictures is busy, though a call of it waits", async () => {
  const names = Array.from({ length: 8 }, (_, index) => `${index}`);
  const { coalescer, decoder } = await partOf(names, false);
  coalescer.beginPictures("0");
  void decoder.ask("0");
  let isStarted = false;
  void coalescer.start("next").then(() => (isStarted = true));
  await vi.advanceTimersByTimeAsync(100);
  expect(isStarted).toBe(false);
  coalescer.endPictures("0");
  await vi.advanceTimersByTimeAsync(0);
  expect(isStarted).toBe(true);
});
