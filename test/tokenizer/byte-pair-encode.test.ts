/**
 * Compares the encoder, which uses a heap, with the textbook algorithm, which merges the best pair everywhere until
 * none is left.
 */
import { describe, expect, it } from "vitest";
import { bytePairEncode } from "../../functions/runtime/tokenizer/byte-pair-encode.ts";
import { MergeTable } from "../../functions/runtime/tokenizer/merge-table.ts";
import { BYTE_ORDER, END_OF_WORD_OFFSET, FIRST_MERGED_ID } from "../../model-shards/clip-bpe.ts";
import { packedVocabulary } from "../support/models/node-tokenizer.ts";
import { random } from "../support/random.ts";

function textbook(word: string, merges: MergeTable): number[] {
  let symbols = [...new TextEncoder().encode(word)].map((byte) => BYTE_ORDER.indexOf(byte));
  symbols[symbols.length - 1] = (symbols.at(-1) ?? 0) + END_OF_WORD_OFFSET;
  for (;;) {
    const ranks = symbols.slice(1).map((right, i) => merges.rank(symbols[i] ?? 0, right));
    const known = ranks.filter((rank) => rank !== -1);
    if (known.length === 0) return symbols;
    const best = Math.min(...known);
    const merged: number[] = [];
    for (let i = 0; i < symbols.length; i++) {
      const joins = i + 1 < symbols.length && merges.rank(symbols[i] ?? 0, symbols[i + 1] ?? 0) === best;
      merged.push(joins ? FIRST_MERGED_ID + best : (symbols[i] ?? 0));
      if (joins) i++;
    }
    symbols = merged;
  }
}

describe("byte-pair encoding", async () => {
  const merges = new MergeTable(await packedVocabulary());

  it("equals the textbook algorithm on 2,000 words", () => {
    const next = random(1);
    const below = (limit: number): number => Math.floor(next() * limit);
    const alphabets = ["aeiourstln", "abcdefghijklmnopqrstuvwxyz", "aab", "éüñ日本語😀"].map((letters) =>
      Array.from(letters),
    );
    for (let i = 0; i < 2000; i++) {
      const alphabet = alphabets[below(alphabets.length)] ?? [];
      const word = Array.from({ length: 1 + below(24) }, () => alphabet[below(alphabet.length)]).join("");
      expect(bytePairEncode(word, merges), word).toEqual(textbook(word, merges));
    }
  });
});
