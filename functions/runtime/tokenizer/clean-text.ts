/**
 * Text as open_clip cleans it before tokenizing: ftfy, HTML unescaped twice, white space collapsed, lower case. The
 * result is what is tokenized and what a text's embedding is cached under, so that spellings that the model cannot
 * tell apart are computed once.
 *
 * Cleaning twice may give another text than cleaning once: "Jazz &Amp; soul" becomes "jazz &amp; soul", and that would
 * become "jazz & soul". The types keep a cleaned text from being cleaned again.
 */
import { fixText } from "./fix-text.ts";
import { unescapeHtml } from "./unescape-html.ts";

declare const cleaned: unique symbol;

/** A text as the tokenizer and the caches take it. It has no white space but single spaces inside. */
export type CleanText = string & { readonly [cleaned]: true };
/** A text as somebody wrote it. */
export type RawText = string & { readonly [cleaned]?: never };

/** White space as Python's `\s` has it; JavaScript's lacks U+001C–1F and U+0085 and has U+FEFF besides. */
export const WHITE_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const WHITE_SPACE_RUN = new RegExp(`[${WHITE_SPACE}]+`, "g");
/** Most labels: printable ASCII without "&", in which only spaces and case are left to change. */
const PLAIN = /^[ -%'-~]*$/;

/** Never throws; time grows in proportion to the length. */
export function cleanText(text: RawText): CleanText {
  const unescaped = PLAIN.test(text) ? text : unescapeHtml(unescapeHtml(fixText(text)));
  const collapsed = unescaped.replace(WHITE_SPACE_RUN, " ");
  // Not trim(), which would take a U+FEFF that the reference keeps.
  return collapsed.replace(/^ | $/g, "").toLowerCase() as CleanText;
}
