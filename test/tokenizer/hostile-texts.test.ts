/** Hostile texts, and the limit of the context. */
import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../functions/runtime/tokenizer/tokenizer.ts";
import { cleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import { packedVocabulary, tokenizer } from "../support/models/node-tokenizer.ts";

const START = 49406;
const END = 49407;
const CAT = 2368;

/** Overwrites a little-endian uint16. */
function u16(at: number, value: number): (bytes: ArrayBuffer) => ArrayBuffer {
  return (bytes) => {
    new DataView(bytes).setUint16(at, value, true);
    return bytes;
  };
}

describe("tokenizer", async () => {
  const clip = await tokenizer();
  const encode = (text: string): number[] => clip.encode(cleanText(text), 77).ids;

  it("keeps a text that just fits and cuts one word more", () => {
    const fits = clip.encode(cleanText("cat ".repeat(75)), 77);
    const over = clip.encode(cleanText("cat ".repeat(76)), 77);
    const full = [START, ...Array.from({ length: 75 }, () => CAT), END];
    expect(fits).toEqual({ ids: full, truncated: false });
    expect(over).toEqual({ ids: full, truncated: true });
  });

  it.each([
    ["a lone surrogate", "cat \ud800"],
    ["NUL", "cat\u0000"],
    ["right-to-left marks", "\u202ecat\u202c"],
    ["a byte order mark", "\ufeffcat"],
    ["emoji only", "😀😀"],
  ])("takes %s", (_, text) => {
    const ids = encode(text);
    expect(ids[0]).toBe(START);
    expect(ids.at(-1)).toBe(END);
    expect(ids.length).toBeGreaterThan(2);
    expect(ids.every((id) => id >= 0 && id <= END)).toBe(true);
  });

  it("drops control characters as if they were not there", () => {
    expect(encode("ca\u0000t\u0007")).toEqual(encode("cat"));
  });

  it("cuts inside a word", () => {
    const whole = clip.encode(cleanText("xyzzy".repeat(100)), 1000);
    const cut = clip.encode(cleanText("xyzzy".repeat(100)), 77);
    expect(whole.truncated).toBe(false);
    expect(cut).toEqual({ ids: [...whole.ids.slice(0, 76), END], truncated: true });
  });

  // Anything quadratic takes minutes here, far beyond the runner's limit for one test; each takes under a second.
  it.each([
    ["one word", "ab", 77],
    ["combining marks in the wrong order", "\u0301\u0316", 77],
    ["references within references", "amp;", 77],
    ["ampersands", "&", 77],
    ["emoji", "😀", 77],
    ["terminal escapes", "\u001b[", 77],
    ["NUL", "\0", 2],
  ])("takes a megabyte of %s", (_, part, positions) => {
    const text = `&${part.repeat(2 ** 20 / part.length)}`;
    expect(encode(positions === 2 ? text.slice(1) : text)).toHaveLength(positions);
  });

  it("unescapes what HTML source shows twice, not three times", () => {
    expect(cleanText("<&amp;amp;lt;")).toBe("<&lt;");
  });

  it("bounds how often it starts over", () => {
    expect(cleanText(`&${"amp;".repeat(100)}lt;`)).toBe(`&${"amp;".repeat(90)}lt;`);
  });

  it.each([
    ["empty", () => new ArrayBuffer(0), "0 bytes"],
    ["cut", (bytes: ArrayBuffer) => bytes.slice(0, -4), "195584 bytes, expected 195588"],
    ["of another magic", u16(0, 0), "magic"],
    ["of another version", u16(4, 2), "version 2, expected 1"],
    ["of another size", u16(8, 7), "7 merges, expected 48894"],
    ["ahead of itself", u16(12, 512), "merge 0 joins 512"],
  ])("refuses a vocabulary that is %s", async (_, damage, message) => {
    const packed = damage(await packedVocabulary());
    expect(() => new Tokenizer(packed)).toThrow(message);
  });

  it("refuses a vocabulary that repeats a merge", async () => {
    const packed = await packedVocabulary();
    new Uint8Array(packed).copyWithin(16, 12, 16);
    expect(() => new Tokenizer(packed)).toThrow("merge 1 repeats merge 0");
  });
});
