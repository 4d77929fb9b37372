/** Lines of a batch's input, however the stream cuts them. */
import { describe, expect, test } from "vitest";
import { isBlank, type Line, readLines } from "../../functions/batches/read-lines.ts";
import { bytesOf, byteStream } from "../support/bytes.ts";

/** @param size bytes that the stream gives at once */
function streamOf(
  text: string,
  size: number,
): { stream: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let isCancelled = false;
  const onCancel = (): void => {
    isCancelled = true;
  };
  return { stream: byteStream(bytesOf(text), size, { onCancel }), cancelled: () => isCancelled };
}

async function linesOf(
  text: string,
  size: number,
  most: number,
): Promise<[number, string | undefined, number][]> {
  const lines: [number, string | undefined, number][] = [];
  for await (const { offset, bytes, length } of readLines(streamOf(text, size).stream, most)) {
    lines.push([offset, bytes && new TextDecoder().decode(bytes), length]);
  }
  return lines;
}

describe.each([1, 2, 3, 7, 1_000])("a stream that gives %i bytes at once", (size) => {
  test.each<[string, [number, string | undefined, number][]]>([
    ["", []],
    ["\n", [[0, "", 1]]],
    ["a", [[0, "a", 1]]],
    ["a\n", [[0, "a", 2]]],
    [
      "ab\ncd",
      [
        [0, "ab", 3],
        [3, "cd", 2],
      ],
    ],
    [
      "\n\nab\n",
      [
        [0, "", 1],
        [1, "", 1],
        [2, "ab", 3],
      ],
    ],
    [
      "12345\nab\n",
      [
        [0, "12345", 6],
        [6, "ab", 3],
      ],
    ],
    [
      "123456\nab",
      [
        [0, undefined, 7],
        [7, "ab", 2],
      ],
    ],
    [
      "ab\n1234567890\nc\n",
      [
        [0, "ab", 3],
        [3, undefined, 11],
        [14, "c", 2],
      ],
    ],
    [
      "ab\n123456",
      [
        [0, "ab", 3],
        [3, undefined, 6],
      ],
    ],
    [
      "a\r\nü\n",
      [
        [0, "a\r", 3],
        [3, "ü", 3],
      ],
    ],
  ])("%j has its lines, of at most 5 bytes", async (text, lines) => {
    expect(await linesOf(text, size, 5)).toEqual(lines);
  });
});

test("lines that are kept are not written over by later ones", async () => {
  const kept: Line[] = [];
  for await (const line of readLines(streamOf("first\nother\n", 4).stream, 10)) kept.push(line);
  expect(kept.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(["first", "other"]);
});

test("a stream whose reader stops is cancelled, and one that fails fails the reading", async () => {
  const { stream, cancelled } = streamOf("a\nb\nc\n", 2);
  for await (const line of readLines(stream, 10)) {
    expect(line.offset).toBe(0);
    break;
  }
  expect(cancelled()).toBe(true);
  const failing = new ReadableStream({
    type: "bytes",
    pull: (controller) => controller.error(new Error("no more")),
  });
  await expect(readLines(failing, 10).next()).rejects.toThrow("no more");
});

test.each([
  ["", true],
  [" \t\r ", true],
  ["\ufeff", true],
  ["\ufeff \r", true],
  [" \ufeff", false],
  ["\ufeff\ufeff", false],
  ["a", false],
  [" a", false],
  ["a ", false],
  ["\u00a0", false],
  ["\v", false],
  ["\n", false],
])("%j stands for nothing: %s", (text, expected) => {
  expect(isBlank(bytesOf(text))).toBe(expected);
});

test.each([[[0xef, 0xbb]], [[0xef, 0xbb, 0x20]], [[0xef]]])(
  "half a byte order mark is something",
  (bytes) => {
    expect(isBlank(Uint8Array.from(bytes))).toBe(false);
  },
);
