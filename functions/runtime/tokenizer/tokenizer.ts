/** CLIP's tokenizer: cleaned text → token ids with the start and end tokens the model was trained with. */
import { END_OF_TEXT, START_OF_TEXT } from "../../../model-shards/clip-bpe.ts";
import { bytePairEncode } from "./byte-pair-encode.ts";
import { type CleanText, WHITE_SPACE } from "./clean-text.ts";
import { MergeTable } from "./merge-table.ts";

/**
 * CLIP's pre-tokenization: contractions, runs of letters, single digits, runs of anything else that is not white
 * space. The reference matches without regard to case; text is lower case by now, and only "ſ" folds to a letter
 * that matters. The `i` flag would be wrong: it makes JavaScript's `\p{L}` take U+0345, the one mark that folds to a
 * letter and that the reference's engine finds in neither class, so that it gets no token. Markers such as
 * `<|startoftext|>` mean nothing in a user's text.
 */
const WORDS = new RegExp(
  `'[sſ]|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^${WHITE_SPACE}\\p{L}\\p{N}\\u0345]+`,
  "gu",
);

/** Words kept with their ids; labels and templates repeat theirs. */
const CACHED_WORDS = 4096;
const CACHED_WORD_LENGTH = 32;

export interface Tokens {
  /** Start token, words, end token; at most the context length. */
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

  /**
   * @param contextLength positions the model has, start and end token included
   */
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
