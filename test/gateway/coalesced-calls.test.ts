/** How the calls of a part's lines are brought together: equal texts, files in turn, signs of life while they wait. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { CallCoalescer } from "../../functions/gateway/coalesced-calls/call-coalescer.ts";
import { CoalescedDecoder } from "../../functions/gateway/coalesced-calls/coalesced-decoder.ts";
import { CoalescedText } from "../../functions/gateway/coalesced-calls/coalesced-text.ts";
import { CoalescedVision } from "../../functions/gateway/coalesced-calls/coalesced-vision.ts";
import { partCache } from "../../functions/gateway/coalesced-calls/part-cache.ts";
import { byteStream } from "../../functions/runtime/bytes/byte-stream.ts";
import { ByteReader } from "../../functions/runtime/bytes/byte-reader.ts";
import { readDecoded, writeDecoded } from "../../functions/runtime/bytes/decoded-frames.ts";
import { frameHeader, nextFrame } from "../../functions/runtime/bytes/file-frames.ts";
import type { DecodedImage, DecoderRpc, TextRpc, VisionRpc } from "../../functions/runtime/rpc.ts";

const BYTES = 200_000;

/** Answers with the first and the last byte of each file. */
class Decoder implements Pick<DecoderRpc, "decode"> {
  readonly calls: number[] = [];

  async decode(
    files: ReadableStream<Uint8Array>,
    _size: number,
    results: WritableStream<Uint8Array>,
  ): Promise<void> {
    const upload = new ByteReader(files);
    const writer = results.getWriter();
    let count = 0;
    for (let length = await nextFrame(upload); length !== undefined; length = await nextFrame(upload)) {
      const file = await upload.read(length);
      if (file === undefined) throw new Error("the stream ended early");
      const pixels = Uint8Array.of(file[0] ?? 0, file.at(-1) ?? 0);
      await writeDecoded(writer, { ok: true, value: { pixels } });
      count++;
    }
    await writer.close();
    this.calls.push(count);
  }
}

/** What a line gets for its files. */
async function decodedFor(
  coalesced: CoalescedDecoder,
  files: ReadableStream<Uint8Array>,
  line: string,
): Promise<DecodedImage[]> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const call = coalesced.decode(files, 4, writable, line);
  const stream = new ByteReader(readable);
  const decoded: DecodedImage[] = [];
  for (let next = await readDecoded(stream); next !== undefined; next = await readDecoded(stream)) {
    decoded.push(next);
  }
  await call;
  return decoded;
}

/** A vector of one value for each text: its first id. */
class Text implements Pick<TextRpc, "embedTokens"> {
  readonly calls: number[] = [];

  async embedTokens(ids: Int32Array, lengths: number[]): ReturnType<TextRpc["embedTokens"]> {
    this.calls.push(lengths.length);
    let at = 0;
    const firsts = lengths.map((length) => ids[(at += length) - length] ?? 0);
    return { ok: true, value: { revision: "r", embeddings: Float32Array.from(firsts) } };
  }
}

/** A vector of one value for each picture: its first byte. */
class Vision implements Pick<VisionRpc, "embedPixels"> {
  readonly calls: number[] = [];

  async embedPixels(pixels: ReadableStream<Uint8Array>, count: number): ReturnType<VisionRpc["embedPixels"]> {
    this.calls.push(count);
    const bytes = await new Response(pixels).bytes();
    const each = bytes.length / count;
    const firsts = Array.from({ length: count }, (_, at) => bytes[at * each] ?? 0);
    return { ok: true, value: { revision: "r", embeddings: Float32Array.from(firsts) } };
  }
}

/** Bytes of array buffers, once nobody holds more. */
function bytesHeld(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().arrayBuffers;
}

beforeAll(() => {
  (globalThis as Record<string, unknown>)["IdentityTransformStream"] ??= TransformStream;
});

afterEach(() => {
  vi.useRealTimers();
});

type Pieces = Iterable<Uint8Array<ArrayBuffer>> | AsyncIterable<Uint8Array<ArrayBuffer>>;

/** Node has it, the types of Workers do not. */
const streamOf = (pieces: Pieces): ReadableStream<Uint8Array> =>
  (ReadableStream as unknown as { from: (pieces: Pieces) => ReadableStream<Uint8Array> }).from(pieces);

/** 1,500 texts of one token each. */
const idsFrom = (first: number) => Int32Array.from({ length: 1_500 }, (_, index) => first + index);

async function begun(coalescer: CallCoalescer, lines: readonly string[]): Promise<void> {
  for (const line of lines) await coalescer.start(line);
  coalescer.allStarted();
}

it("computes equal texts of all lines once, also beyond the texts of a call", async () => {
  const [coalescer, text] = [new CallCoalescer(), new Text()];
  const coalesced = new CoalescedText(text as unknown as TextRpc, coalescer, "part");
  const lines = ["a", "b", "c", "d"];
  await begun(coalescer, lines);
  const lengths = Array.from({ length: 1_500 }, () => 1);
  // 1,500 texts twice, and 1,500 of which 500 are theirs, twice: 2,500 different ones.
  const starts = [0, 0, 1_000, 1_000];
  const answers = await Promise.all(
    lines.map((line, index) => coalesced.embedTokens(idsFrom(starts[index] ?? 0), lengths, () => true, line)),
  );
  expect(text.calls).toEqual([512, 512, 512, 512, 452]);
  for (const [index, answer] of answers.entries()) {
    expect(answer).toEqual({
      ok: true,
      value: { revision: "r", embeddings: Float32Array.from(idsFrom(starts[index] ?? 0)) },
    });
  }
});

it("takes a file from its line only when it is its turn, and fills up what a line does not send", async () => {
  const [coalescer, decoder] = [new CallCoalescer(), new Decoder()];
  const coalesced = new CoalescedDecoder(decoder as unknown as DecoderRpc, coalescer, "part");
  await begun(coalescer, ["slow", "gone", "next"]);
  const taken = new Map<string, number>();
  const fileOf = (line: string, value: number, ends: "whole" | "early", release?: Promise<void>) => {
    const pieces = Array.from({ length: ends === "whole" ? 20 : 5 }, () =>
      new Uint8Array(BYTES / 20).fill(value),
    );
    const source = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield frameHeader(BYTES);
      for (const [index, piece] of pieces.entries()) {
        if (index === 1) await release;
        taken.set(line, (taken.get(line) ?? 0) + piece.length);
        yield piece;
      }
    };
    return streamOf(source());
  };
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const slow = decodedFor(coalesced, fileOf("slow", 1, "whole", release), "slow");
  await sleep(20);
  const gone = decodedFor(coalesced, fileOf("gone", 2, "early"), "gone");
  const next = decodedFor(coalesced, fileOf("next", 3, "whole"), "next");
  await sleep(20);
  // Not more than the streams' own queues hold.
  expect((taken.get("gone") ?? 0) + (taken.get("next") ?? 0)).toBeLessThan(BYTES / 4);
  resolve();
  const pixels = (await Promise.all([slow, gone, next]))
    .flat()
    .map((each) => each.ok && [...each.value.pixels]);
  expect(pixels).toEqual([
    [1, 1],
    [2, 0],
    [3, 3],
  ]);
  expect(decoder.calls).toEqual([3]);
});

it("calls the decoder again after 64 files", async () => {
  const [coalescer, decoder] = [new CallCoalescer(), new Decoder()];
  const coalesced = new CoalescedDecoder(decoder as unknown as DecoderRpc, coalescer, "part");
  await begun(coalescer, ["line"]);
  const files = Array.from({ length: 70 }, (_, index) => [frameHeader(1), Uint8Array.of(index)]).flat();
  const decoded = await decodedFor(coalesced, streamOf(files), "line");
  expect(decoded.map((each) => each.ok && each.value.pixels[0])).toEqual(
    Array.from({ length: 70 }, (_, at) => at),
  );
  expect(decoder.calls).toEqual([64, 6]);
});

it("holds pictures that many lines have once until the tower is asked", async () => {
  const [coalescer, vision] = [new CallCoalescer(), new Vision()];
  const coalesced = new CoalescedVision(vision as unknown as VisionRpc, coalescer, "part");
  const lines = Array.from({ length: 32 }, (_, index) => `${index}`);
  const before = bytesHeld();
  const answers: ReturnType<VisionRpc["embedPixels"]>[] = [];
  for (const [index, line] of lines.entries()) {
    await coalescer.start(line);
    // Fifteen that all have, and one of its own.
    const values = [...Array.from({ length: 15 }, (_, at) => at), 100 + index];
    const pixels = byteStream(values.map((value) => new Uint8Array(BYTES).fill(value)));
    answers.push(coalesced.embedPixels(pixels, values.length, () => true, line));
  }
  // What is garbage is freed a little later.
  await expect
    .poll(() => bytesHeld() - before, { interval: 200 })
    .toBeLessThan((15 + lines.length + 1) * BYTES);
  expect(vision.calls).toEqual([]);
  coalescer.allStarted();
  for (const [index, answer] of (await Promise.all(answers)).entries()) {
    const expected = Float32Array.of(...Array.from({ length: 15 }, (_, at) => at), 100 + index);
    expect(answer).toEqual({ ok: true, value: { revision: "r", embeddings: expected } });
  }
  expect(vision.calls).toEqual([15 + lines.length]);
});

it("shows life while a call waits for other lines", async () => {
  vi.useFakeTimers();
  const [coalescer, text] = [new CallCoalescer(), new Text()];
  const coalesced = new CoalescedText(text as unknown as TextRpc, coalescer, "part");
  await begun(coalescer, ["waits", "busy"]);
  let asked = 0;
  const wanted = (): boolean => ++asked > 0;
  const answer = coalesced.embedTokens(Int32Array.of(7), [1], wanted, "waits");
  // The other line keeps the part from asking the tower, because something happens all the time.
  const events = setInterval(() => coalescer.received(), 300);
  await vi.advanceTimersByTimeAsync(7_000);
  expect(text.calls).toEqual([]);
  expect(asked).toBe(2);
  clearInterval(events);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await answer).toMatchObject({ ok: true });
});

it("asks KV at most 950 times for a part", async () => {
  let operations = 0;
  const kv = {
    get: async (keys: string | string[]) => (operations++, Array.isArray(keys) ? new Map() : null),
    put: async () => void operations++,
  };
  const cache = partCache(kv as unknown as KVNamespace);
  for (let index = 0; index < 900; index++) await cache.put(`${index}`, "");
  expect(operations).toBe(500);
  for (let index = 0; index < 900; index++) {
    expect(await cache.get(["a", "b"], "text")).toEqual(new Map());
    expect(await cache.get("a", "arrayBuffer")).toBeNull();
  }
  expect(operations).toBe(950);
});
