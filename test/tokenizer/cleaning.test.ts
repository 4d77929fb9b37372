/** Cleaning and pre-tokenization against the reference's own parts: ftfy, Python's html and regex. */
import { describe, expect, it } from "vitest";
import { MATRIX_FORMAT } from "../../functions/label-sets/label-matrix.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { cleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import { compose } from "../../functions/runtime/tokenizer/compose.ts";
import rows from "../fixtures/tokenizer/cleaning.json" with { type: "json" };
import { tokenizer } from "../support/models/node-tokenizer.ts";

/** Longer than any row: nothing is cut. */
const CONTEXT_LENGTH = 256;

describe("cleaning", async () => {
  const clip = await tokenizer();

  it.each(rows)("cleans $text", ({ text, cleaned, ids }) => {
    const ours = cleanText(text);
    expect(ours).toBe(cleaned);
    expect(clip.encode(ours, CONTEXT_LENGTH)).toEqual({ ids, truncated: false });
  });

  it("changes nothing the second time", () => {
    // Texts with references are left out, because cleaning may change them again: in HTML source, quotes from
    // references are not straightened.
    const settled = rows.filter(({ text }) => !text.includes("&"));
    expect(settled.length).toBeGreaterThan(100);
    for (const { cleaned } of settled) expect(cleanText(cleaned), cleaned).toBe(cleaned);
  });

  it("keeps the ligature that the reference table keeps", () => {
    expect(cleanText("o\ufb00er \ufb01ne")).toBe("o\ufb00er fine");
  });

  it("takes references literally from the first line of HTML source on, as ftfy does", () => {
    // Only ftfy knows names in capitals.
    expect(cleanText("&EACUTE;\n&EACUTE; <b>\n&EACUTE;")).toBe("é &eacute; <b> &eacute;");
  });

  it("takes the reference's markers as text", () => {
    const { ids } = clip.encode(cleanText("<start_of_text> <end_of_text>"), CONTEXT_LENGTH);
    expect(ids.slice(1, -1).every((id) => id < 49406)).toBe(true);
  });
});

describe("composing", () => {
  const texts = [
    "e\u0301\u0323 caf\u00e9",
    "\u1112\u1161\u11ab",
    "\u0b92\u0bd7 \u09c7\u09be",
    "\u0344a\u0345",
  ];

  it("is NFC beside a run of marks that is too long", () => {
    const run = "\u0316".repeat(100);
    for (const text of texts) {
      expect(compose(`${text} ${run} ${text}`)).toBe(`${text} ${run} ${text}`.normalize("NFC"));
    }
  });

  it("sorts the marks of a run that is not", () => {
    const run = `a${"\u0301\u0316".repeat(15)}`;
    expect(compose(run)).toBe(run.normalize("NFC"));
    expect(compose(run)).not.toBe(run);
  });
});

it("comes with another format of label matrices when it changes", async () => {
  // Labels are cached under the text that was sent, so results of an earlier cleaning must not be found any more.
  const cleaned = JSON.stringify(rows.map(({ text }) => cleanText(text)));
  const digest = await sha256Hex(new TextEncoder().encode(cleaned));
  expect([MATRIX_FORMAT, digest.slice(0, 16)]).toEqual(["labels4", "53f878bc31ec4edf"]);
});
