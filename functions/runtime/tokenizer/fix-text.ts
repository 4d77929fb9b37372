/**
 * The steps of ftfy's `fix_text`, in its order, that change ordinary texts. References come first, so that `&rsquo;`
 * ends as a straight quote. Mojibake repair, ftfy's main trade, is left out: it guesses, and its tables are large.
 */
import { decodeHTML, decodeHTMLStrict } from "entities/decode";
import { compose } from "./compose.ts";
import { unescapeHtml } from "./unescape-html.ts";

/**
 * ftfy repeats its steps until nothing changes. Two passes settle real texts; the bound keeps a megabyte that was
 * escaped again and again from costing its square.
 */
const MAX_PASSES = 8;

const REFERENCE = /&#?[0-9A-Za-z]{1,24};/g;
/** What C1 control characters mean in Windows-1252, from U+0080 on; five mean nothing and stay. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
const C1_CONTROLS = /[\u0080-\u009f]/g;
/**
 * Latin letters that are two in one. U+FB00 (ﬀ) would belong here too, but the reference's outputs leave it alone,
 * and they are what the model's answers are compared with.
 */
const LIGATURES = /[ĲĳŉǄ-ǌǱ-ǳﬁ-ﬄﬆ]/g;
/** ﬅ keeps its long s, which NFKC would shorten. */
const LONG_S_T = /\ufb05/g;
const FULL_WIDTH = /[\u3000\uff01-\uffef]/g;
const SINGLE_QUOTES = /[\u02bc\u2018-\u201b]/g;
const DOUBLE_QUOTES = /[\u201c-\u201f]/g;
const LINE_BREAKS = /\r\n|[\r\u2028\u2029]/g;
// oxlint-disable-next-line no-control-regex -- this is the character to remove
const TERMINAL_ESCAPES = /\u001b\[[\p{Nd};]*[a-zA-Z]/gu;
const CONTROL_CHARACTERS =
  // oxlint-disable-next-line no-control-regex -- these are the characters to remove
  /[\u0000-\u0008\u000b\u000e-\u001f\u007f\u206a-\u206f\ufeff\ufff9-\ufffc]/g;

/** Lone surrogates become U+FFFD. Never throws. */
export function fixText(text: string): string {
  // From the first line with a "<" on, the text is taken for HTML source and its references for what was meant.
  const tag = text.indexOf("<");
  if (tag === -1) return fixSegment(text, true);
  const source = text.lastIndexOf("\n", tag) + 1;
  return fixSegment(text.slice(0, source), true) + fixSegment(text.slice(source), false);
}

function fixSegment(segment: string, unescape: boolean): string {
  let fixed = segment;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = fixed;
    fixed = fixOnce(unescape ? fixed.replace(REFERENCE, decodeReference) : fixed);
    if (fixed === before) break;
  }
  return fixed;
}

function fixOnce(text: string): string {
  const fixed = text
    .replace(C1_CONTROLS, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80] ?? control)
    .replace(LIGATURES, decompose)
    .replace(LONG_S_T, "ſt")
    .replace(FULL_WIDTH, decompose)
    .replace(SINGLE_QUOTES, "'")
    .replace(DOUBLE_QUOTES, '"')
    .replace(LINE_BREAKS, "\n")
    .toWellFormed()
    .replace(TERMINAL_ESCAPES, "")
    .replace(CONTROL_CHARACTERS, "");
  return compose(fixed);
}

const decompose = (character: string): string => character.normalize("NFKC");

/** Only with a semicolon, and also names in capitals ("&EACUTE;"), which databases in capitals leave behind. */
function decodeReference(reference: string): string {
  if (reference.startsWith("&#")) {
    const character = unescapeHtml(reference);
    // "&#12ab;" would be decoded only in part.
    return character.includes(";") ? reference : character;
  }
  const decoded = decodeHTMLStrict(reference);
  // "&notit;" has a beginning that is a name: not in capitals, but another kind of reference.
  if (decoded !== reference || decodeHTML(reference) !== reference) return decoded;
  if (reference !== reference.toUpperCase()) return reference;
  const lowerCase = reference.toLowerCase();
  const character = decodeHTMLStrict(lowerCase);
  return character === lowerCase ? reference : character.toUpperCase();
}
