/** Texts nobody meant well, and the limit of the context. */
import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../functions/runtime/tokenizer/tokenizer.ts";
import { cleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import { packedVocabulary, tokenizer } from "../support/tokenizer.ts";

const START = 49406;
const END = 49407;
const CAT = 2368;

describe("tokenizer", async () => {
  const clip = await tokenizer();
  const encode = (text: string): number[] => clip.encode(cleanText(text), 77).ids;

  it("keeps a text that just fits and cuts one word more", () => {
    const fits = clip.encode(Array.from({ length: 75 }, () => "cat").join(" "), 77);
    const over = clip.encode(Array.from({ length: 76 }, () => "cat").join(" "), 77);
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

  it("takes a megabyte without a space", () => {
    const ids = encode("ab".repeat(500_000));
    expect(ids).toHaveLength(77);
  });

  it("unescapes HTML twice, not three times", () => {
    expect(cleanText("&amp;amp;lt;")).toBe("&lt;");
  });

  it.each([
    ["cut", (bytes: ArrayBuffer) => bytes.slice(0, -4)],
    ["of another magic", (bytes: ArrayBuffer) => new Uint8Array(bytes).with(0, 0).buffer],
  ])("refuses a vocabulary that is %s", async (_, damage) => {
    const packed = damage(await packedVocabulary());
    expect(() => new Tokenizer(packed)).toThrow("damaged");
  });
});
