/**
 * Text as the reference cleans it before tokenizing: the steps of ftfy that change ordinary texts, HTML unescaped
 * twice, white space collapsed, lower case. Mojibake repair, ftfy's main trade, is left out: it guesses.
 */
import { decodeHTML } from "entities";

/** White space as Python's `\s` has it; JavaScript's lacks U+001C–1F and U+0085 and has U+FEFF besides. */
export const WHITE_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

// oxlint-disable-next-line no-control-regex -- this is the character to remove
const TERMINAL_ESCAPES = /\u001b\[(?:\d|;)*[a-zA-Z]/g;
/**
 * Latin letters that are two in one. U+FB00 (ﬀ) would belong here too, but the reference's outputs leave it alone,
 * and they are what the model's answers are compared with.
 */
const LIGATURES = /[ĲĳŉǄ-ǌǱ-ǳﬁ-ﬄﬆ]/g;
const FULL_WIDTH = /[\u3000\uff01-\uffef]/g;
const SINGLE_QUOTES = /[\u02bc\u2018-\u201b]/g;
const DOUBLE_QUOTES = /[\u201c-\u201f]/g;
const LINE_BREAKS = /\r\n|[\r\u2028\u2029\u0085]/g;
const CONTROL_CHARACTERS =
  // oxlint-disable-next-line no-control-regex -- these are the characters to remove
  /[\u0000-\u0008\u000b\u000e-\u001f\u007f\u206a-\u206f\ufeff\ufff9-\ufffc]/g;
const WHITE_SPACE_RUN = new RegExp(`[${WHITE_SPACE}]+`, "g");

const decompose = (character: string): string => character.normalize("NFKC");

/** The text that is tokenized, and by whose hash a text's embedding is cached. Never throws. */
export function cleanText(text: string): string {
  const fixed = text
    .toWellFormed()
    .replace(TERMINAL_ESCAPES, "")
    .replace(LIGATURES, decompose)
    .replace(FULL_WIDTH, decompose)
    .replace(SINGLE_QUOTES, "'")
    .replace(DOUBLE_QUOTES, '"')
    .replace(LINE_BREAKS, "\n")
    .replace(CONTROL_CHARACTERS, "")
    .normalize("NFC");
  return decodeHTML(decodeHTML(fixed)).replace(WHITE_SPACE_RUN, " ").trim().toLowerCase();
}
