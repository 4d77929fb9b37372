/** The table of merges, its file's refusals, and the edges of the tokenizer. */
import { beforeAll, describe, expect, it, test } from "vitest";
import { cleanText, type CleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import { compose } from "../../functions/runtime/tokenizer/compose.ts";
import { MergeTable } from "../../functions/runtime/tokenizer/merge-table.ts";
import { Tokenizer } from "../../functions/runtime/tokenizer/tokenizer.ts";
import { packedVocabulary } from "../support/models/node-tokenizer.ts";

const HEADER_BYTES = 12;
const MERGES = 48_894;
const START = 49_406;
const END = 49_407;

let packed: ArrayBuffer;

beforeAll(async () => {
  packed = await packedVocabulary();
});

describe("the table", () => {
  it("gives each merge its rank, and -1 for other pairs", () => {
    const table = new MergeTable(packed);
    const pairs = new Uint16Array(packed, HEADER_BYTES);
    const known = new Set<number>();
    let wrong = 0;
    for (let rank = 0; rank < MERGES; rank++) {
      const [left = 0, right = 0] = pairs.subarray(2 * rank, 2 * rank + 2);
      known.add(left * 65_536 + right);
      if (table.rank(left, right) !== rank) wrong++;
    }
    for (let left = 0; left < 49_408; left += 7) {
      for (const right of [0, 255, 256, 511, 512, left, 49_407]) {
        if (!known.has(left * 65_536 + right) && table.rank(left, right) !== -1) wrong++;
      }
    }
    expect(wrong).toBe(0);
  });

  it("says the same when it is asked again", () => {
    const table = new MergeTable(packed);
    expect([table.rank(49_000, 3), table.rank(49_000, 3)]).toEqual([-1, -1]);
  });

  it.each<[string, (file: ArrayBuffer) => ArrayBuffer, string]>([
    ["a byte short", (file) => file.slice(0, -1), "bytes"],
    ["a byte long", (file) => new Uint8Array([...new Uint8Array(file), 0]).buffer, "bytes"],
    ["another magic", (file) => with32(file, 0, 7), "magic"],
    ["another version", (file) => with32(file, 1, 2), "version 2"],
    ["another number of merges", (file) => with32(file, 2, MERGES - 1), "48893 merges"],
    ["a left symbol that the merge itself makes", (file) => with16(file, 2 * 5, 512 + 5), "merge 5"],
    ["a right symbol that the merge itself makes", (file) => with16(file, 2 * 5 + 1, 512 + 5), "merge 5"],
    ["a merge twice", (file) => withMerge(file, 9, 4), "merge 9 repeats merge 4"],
  ])("refuses a file with %s", (_, change, message) => {
    expect(() => new MergeTable(change(packed.slice(0)))).toThrow(message);
  });

  it("takes a merge of what the merge before it made", () => {
    expect(
      () => new MergeTable(with16(with16(packed.slice(0), 2 * 5, 512 + 4), 2 * 5 + 1, 512 + 4)),
    ).not.toThrow();
  });
});

function with32(file: ArrayBuffer, index: number, value: number): ArrayBuffer {
  new Uint32Array(file, 0, 3)[index] = value;
  return file;
}

function with16(file: ArrayBuffer, index: number, value: number): ArrayBuffer {
  new Uint16Array(file, HEADER_BYTES)[index] = value;
  return file;
}

function withMerge(file: ArrayBuffer, rank: number, from: number): ArrayBuffer {
  new Uint16Array(file, HEADER_BYTES).copyWithin(2 * rank, 2 * from, 2 * from + 2);
  return file;
}

/** Ids of the words, without start and end. */
const words = (clip: Tokenizer, text: string): number[] =>
  clip.encode(text as CleanText, 1_000).ids.slice(1, -1);

describe("the tokenizer", () => {
  it("cuts a text to the context, and keeps the end", () => {
    const clip = new Tokenizer(packed);
    // A single digit is always one token.
    const digit = words(clip, "1")[0];
    expect(clip.encode("1 1 1" as CleanText, 6)).toEqual({
      ids: [START, digit, digit, digit, END],
      truncated: false,
    });
    expect(clip.encode("1 1 1" as CleanText, 5)).toEqual({
      ids: [START, digit, digit, digit, END],
      truncated: false,
    });
    expect(clip.encode("1 1 1" as CleanText, 4)).toEqual({
      ids: [START, digit, digit, END],
      truncated: true,
    });
    expect(clip.encode("" as CleanText, 77)).toEqual({ ids: [START, END], truncated: false });
    // A word of several tokens is cut in the middle.
    const [first, second] = words(clip, "qzxqzxqzx");
    expect(clip.encode("qzxqzxqzx" as CleanText, 4)).toEqual({
      ids: [START, first, second, END],
      truncated: true,
    });
  });

  it.each([
    ["it's", ["it", "'s"]],
    ["itſ 'ſ", ["itſ", "'ſ"]],
    [
      "don't we're i've i'm we'll he'd",
      ["don", "'t", "we", "'re", "i", "'ve", "i", "'m", "we", "'ll", "he", "'d"],
    ],
    ["'x", ["'", "x"]],
    ["abc123", ["abc", "1", "2", "3"]],
    ["a!?b", ["a", "!?", "b"]],
    ["!! !", ["!!", "!"]],
    ["½²", ["½", "²"]],
    ["a\u0345b", ["a", "b"]],
    ["<|startoftext|>", ["<|", "startoftext", "|>"]],
  ])("takes %j as the words %j", (text, parts) => {
    const clip = new Tokenizer(packed);
    expect(words(clip, text)).toEqual(parts.flatMap((part) => words(clip, part)));
  });

  it("gives a word the same ids after thousands of others, and a long one", () => {
    const clip = new Tokenizer(packed);
    const long = "photograph".repeat(5);
    const before = [words(clip, "fox"), words(clip, long)];
    for (let i = 0; i < 5_000; i++)
      words(
        clip,
        `w${i}`.replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? ""),
      );
    expect([words(clip, "fox"), words(clip, long)]).toEqual(before);
    expect([words(clip, "fox"), words(clip, long)]).toEqual(before);
  });
});

/** Marks above and below a letter; NFC puts those below first. */
const ABOVE = "\u0301";
const BELOW = "\u0323";

describe("composition", () => {
  it.each([
    ["e\u0301", "é"],
    ["no marks", "no marks"],
    [`x${ABOVE.repeat(29)}${BELOW}`, `x${BELOW}${ABOVE.repeat(29)}`],
    // The thirty-first mark begins a new piece.
    [`x${ABOVE.repeat(30)}${BELOW}`, `x${ABOVE.repeat(30)}${BELOW}`],
    [`x${ABOVE.repeat(30)}${BELOW}e\u0301`, `x${ABOVE.repeat(30)}${BELOW}é`],
    [`e\u0301 x${ABOVE.repeat(31)}`, `é x${ABOVE.repeat(31)}`],
    [`${ABOVE.repeat(31)}e\u0301o\u0308`, `${ABOVE.repeat(31)}éö`],
    ["", ""],
  ])("%j is %j", (text, composed) => {
    expect(compose(text)).toBe(composed);
  });

  test("of a megabyte of marks takes no quadratic time", () => {
    const text = (ABOVE + BELOW).repeat(500_000);
    expect(compose(text)).toHaveLength(text.length);
    expect(cleanText(`e${ABOVE} fox`)).toBe("é fox");
  });
});
