/** CLIP's tokenizer: cleaned text → token ids, with the start and end tokens that the model was trained with. */
import { END_OF_TEXT, START_OF_TEXT } from "../../../model-shards/clip-bpe.ts";
import { bytePairEncode } from "./byte-pair-encode.ts";
import { type CleanText, WHITE_SPACE } from "./clean-text.ts";
import { MergeTable } from "./merge-table.ts";

/**
 * CLIP's pre-tokenization: contractions, runs of letters, single digits, runs of anything else that is not white space.
 * The reference ignores case. The text is lower case already, so only "ſ", which folds to "s", needs a rule. The `i`
 * flag would be wrong: with it, JavaScript's `\p{L}` matches U+0345, a mark that folds to a letter. The reference's
 * regular expressions put U+0345 in no class, so it gets no token. Markers such as `<|startoftext|>` mean nothing in a
 * user's text.
 */
const WORDS = new RegExp(
  `'[sſ]|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^${WHITE_SPACE}\\p{L}\\p{N}\\u0345]+`,
  "gu",
);

/** Number of words whose ids are kept: labels and templates repeat words. */
const CACHED_WORDS = 4096;
const CACHED_WORD_LENGTH = 32;

export interface Tokens {
  /** Start token, words, end token; no more than the context length. */
  ids: number[];
  /** True if the text was longer than the context and was cut; the end token is kept. */
  truncated: boolean;
}

export class Tokenizer {
  readonly #merges: MergeTable;
  readonly #words = new Map<string, number[]>();

  /** @param packed `model-shards/clip-bpe.bin` */
  constructor(packed: ArrayBuffer) {
    this.#merges = new MergeTable(packed);
  }

  /** @param contextLength positions of the model, start and end token included */
  encode(text: CleanText, contextLength: number): Tokens {
    const ids = [START_OF_TEXT];
    for (const [word] of text.matchAll(WORDS)) {
      for (const id of this.#encodeWord(word)) ids.push(id);
      if (ids.length >= contextLength) break;
    }
    const truncated = ids.length >= contextLength;
    if (truncated) ids.length = contextLength - 1;
    ids.push(END_OF_TEXT);
    return { ids, truncated };
  }

  #encodeWord(word: string): number[] {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const ids = bytePairEncode(word, this.#merges);
    if (word.length <= CACHED_WORD_LENGTH) {
      if (this.#words.size >= CACHED_WORDS) this.#words.clear();
      this.#words.set(word, ids);
    }
    return ids;
  }
}
