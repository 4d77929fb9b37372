/** The reference's table of texts and token ids, every row. */
import { describe, expect, it } from "vitest";
import { cleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import rows from "../fixtures/reference/tokenizer.json" with { type: "json" };
import { tokenizer } from "../support/models/node-tokenizer.ts";

const CONTEXT_LENGTH = 77;

describe("tokenizer", async () => {
  const clip = await tokenizer();

  it.each(rows)("encodes $text", ({ text, ids }) => {
    expect(clip.encode(cleanText(text), CONTEXT_LENGTH).ids).toEqual(ids);
  });

  it.each(rows.filter((row) => row.cleaned !== undefined))("cleans $text", ({ text, cleaned }) => {
    expect(cleanText(text)).toBe(cleaned);
  });
});
