/**
 * The steps of ftfy's `fix_text` that change ordinary texts, in ftfy's order. HTML references are decoded first, so
 * that `&rsquo;` becomes a straight quote. Mojibake repair, the main feature of ftfy, is left out: it guesses, and its
 * tables are large.
 */
import { decodeHTML, decodeHTMLStrict } from "entities/decode";
import { compose } from "./compose.ts";
import { unescapeHtml } from "./unescape-html.ts";

/**
 * ftfy repeats its steps until nothing changes. Real texts need two passes. The limit keeps the time linear for a
 * megabyte of text that was escaped many times.
 */
const MAX_PASSES = 8;

const REFERENCE = /&#?[0-9A-Za-z]{1,24};/g;
/**
 * Characters of Windows-1252 for the C1 control characters from U+0080 on. Five have no meaning there and stay as they
 * are.
 */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
const C1_CONTROLS = /[\u0080-\u009f]/g;
/**
 * Ligatures of two Latin letters. U+FB00 (ﬀ) is left out, because the reference does not change it and the model's
 * answers are compared with the reference.
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
  // From the first line with a "<" on, the text counts as HTML source, in which references are meant literally and
  // stay.
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

/**
 * Decodes a reference that ends with a semicolon. Names in capitals ("&EACUTE;") are decoded too: databases that store
 * text in capitals produce them.
 */
function decodeReference(reference: string): string {
  if (reference.startsWith("&#")) {
    const character = unescapeHtml(reference);
    // A reference such as "&#12ab;" would be decoded only in part, so it stays.
    return character.includes(";") ? reference : character;
  }
  const decoded = decodeHTMLStrict(reference);
  // "&notit;" begins with a name ("&not"), so it is a reference of another kind, not a name in capitals.
  if (decoded !== reference || decodeHTML(reference) !== reference) return decoded;
  if (reference !== reference.toUpperCase()) return reference;
  const lowerCase = reference.toLowerCase();
  const character = decodeHTMLStrict(lowerCase);
  return character === lowerCase ? reference : character.toUpperCase();
}
