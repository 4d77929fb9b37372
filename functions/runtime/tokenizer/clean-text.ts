/**
 * Cleans a text as open_clip does before tokenizing: ftfy, HTML unescaped twice, white space collapsed, lower case. The
 * cleaned text is tokenized, and it is the cache key of the text's embedding, so spellings that the model cannot tell
 * apart are computed once.
 *
 * Cleaning twice may give another result than cleaning once: "Jazz &Amp; soul" becomes "jazz &amp; soul", and cleaning
 * that again gives "jazz & soul". The types prevent a cleaned text from being cleaned again.
 */
import { fixText } from "./fix-text.ts";
import { unescapeHtml } from "./unescape-html.ts";

declare const cleaned: unique symbol;

/** A cleaned text, for the tokenizer and the caches. Its only white space is single spaces between words. */
export type CleanText = string & { readonly [cleaned]: true };
/** A text as the client sent it, not cleaned. */
export type RawText = string & { readonly [cleaned]?: never };

/** White space as in Python's `\s`. JavaScript's `\s` lacks U+001C–1F and U+0085 and includes U+FEFF. */
export const WHITE_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const WHITE_SPACE_RUN = new RegExp(`[${WHITE_SPACE}]+`, "g");
/** Matches most labels: printable ASCII without "&", in which cleaning changes only spaces and case. */
const PLAIN = /^[ -%'-~]*$/;

/** Characters that cleaning changes in a plain text, or spaces that it may remove. */
const CHANGED = /[A-Z]|^ |  | $/;

/** Never throws. Time is proportional to the length. */
export function cleanText(text: RawText): CleanText {
  const isPlain = PLAIN.test(text);
  // V8 would copy a long text even if nothing changed.
  if (isPlain && !CHANGED.test(text)) return text as string as CleanText;
  const unescaped = isPlain ? text : unescapeHtml(unescapeHtml(fixText(text)));
  const collapsed = unescaped.replace(WHITE_SPACE_RUN, " ");
  // Not trim(), which would remove a U+FEFF that the reference keeps.
  return collapsed.replace(/^ | $/g, "").toLowerCase() as CleanText;
}
