/** Exact numbers of bytes from a stream, however it divides them; what was read holds no memory. */
import { describe, expect, it } from "vitest";
import { ByteReader } from "../../functions/runtime/bytes/byte-reader.ts";

interface Source {
  stream: ReadableStream<Uint8Array>;
  /** The buffers that the stream gave. */
  chunks: Uint8Array[];
  /** Bytes that each read asked for, if it said so. */
  asked: number[];
  isCancelled: () => boolean;
}

/** Counts up from 0, in chunks of these lengths. */
function sourceOf(lengths: readonly number[], type?: "bytes"): Source {
  let next = 0;
  let isCancelled = false;
  const left = [...lengths];
  const [chunks, asked]: [Uint8Array[], number[]] = [[], []];
  const stream = new ReadableStream<Uint8Array>({
    type: type as undefined,
    pull: (controller) => {
      const { byobRequest } = controller as unknown as ReadableByteStreamController;
      if (byobRequest?.view) asked.push(byobRequest.view.byteLength);
      const length = left.shift();
      if (length === undefined) {
        controller.close();
        byobRequest?.respond(0);
        return;
      }
      const chunk = Uint8Array.from({ length }, () => next++);
      chunks.push(chunk);
      controller.enqueue(chunk);
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  return { stream, chunks, asked, isCancelled: () => isCancelled };
}

const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe.each([undefined, "bytes" as const])("a stream of type %s", (type) => {
  it.each([[[9]], [[1, 1, 7]], [[4, 5]], [[3, 6]]])(
    "in chunks of %j is read in buffers of any length",
    async (lengths) => {
      const reader = new ByteReader(sourceOf(lengths, type).stream);
      expect([...((await reader.read(3)) ?? [])]).toEqual([0, 1, 2]);
      expect([...((await reader.read(0)) ?? [7])]).toEqual([]);
      expect([...((await reader.read(5)) ?? [])]).toEqual([3, 4, 5, 6, 7]);
      expect(await reader.read(2)).toBeUndefined();
    },
  );

  it("is read in pieces with their offsets", async () => {
    const reader = new ByteReader(sourceOf([2, 4, 3], type).stream);
    await reader.read(1);
    const pieces: [number, number[]][] = [];
    const sink = (piece: Uint8Array, offset: number): void => void pieces.push([offset, [...piece]]);
    expect(await reader.take(6, sink)).toBe(true);
    expect(pieces).toEqual([
      [0, [1]],
      [1, [2, 3, 4, 5]],
      [5, [6]],
    ]);
    expect(await reader.take(3, sink)).toBe(false);
    expect(pieces.at(-1)).toEqual([0, [7, 8]]);
  });

  it("is read in pieces as they come, not beyond the wanted length", async () => {
    const reader = new ByteReader(sourceOf([2, 4, 3], type).stream);
    const pieces: number[][] = [];
    for await (const piece of reader.pieces(7)) pieces.push([...piece]);
    expect(pieces).toEqual([upTo(0, 2), upTo(2, 6), upTo(6, 7)]);
    const rest: number[][] = [];
    for await (const piece of reader.pieces(7)) rest.push([...piece]);
    expect(rest).toEqual([[7, 8]]);
  });

  it("is read on behind a piece whose taker has freed it", async () => {
    const reader = new ByteReader(sourceOf([2, 2], type).stream);
    const pieces: number[][] = [];
    for await (const piece of reader.pieces(4)) {
      pieces.push([...piece]);
      piece.buffer.transfer(0);
    }
    expect(pieces).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("is cancelled by who stops before its end", async () => {
    const source = sourceOf([2, 2], type);
    const reader = new ByteReader(source.stream);
    await reader.read(1);
    expect(source.isCancelled()).toBe(false);
    await reader.cancel();
    expect(source.isCancelled()).toBe(true);
  });
});

it("a chunk is freed when the next one is asked for", async () => {
  const { stream, chunks } = sourceOf([2, 2, 2]);
  const reader = new ByteReader(stream);
  await reader.read(2);
  await reader.read(1);
  expect(chunks.slice(0, 2).map(({ buffer }) => (buffer as ArrayBuffer).detached)).toEqual([true, false]);
});

it("many bytes are asked for at once, or no more than are wanted", async () => {
  const ahead = sourceOf([3], "bytes");
  await new ByteReader(ahead.stream).read(2);
  expect(ahead.asked).toEqual([65_536]);
  const wanted = sourceOf([2, 70_000], "bytes");
  const reader = new ByteReader(wanted.stream, "wanted");
  await reader.read(2);
  await reader.read(70_000);
  expect(wanted.asked.slice(0, 2)).toEqual([2, 65_536]);
});
