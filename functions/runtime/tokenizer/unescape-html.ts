/**
 * HTML character references → characters, as Python's `html.unescape` does, which the reference calls. All names of
 * HTML5 are known; old names are decoded without their semicolon too ("&ampx" is "&x"). The package `entities` supplies
 * the names. One difference is handled here: Python drops references to code points that no text may contain.
 */
import { decodeHTML } from "entities/decode";

/** One reference in the grammar of Python's `html` module: decimal, hexadecimal, or a name of up to 32 characters. */
const REFERENCE = /&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;
const NUMERIC = /^&#([xX]?)([0-9a-fA-F]+)/;

/** The low bits of U+FFFE, and of the same code point of every later plane; the code point after it is invalid too. */
const PLANE_END = 0xfffe;

/** Decodes each reference once, from left to right; the result is not decoded again. */
export function unescapeHtml(text: string): string {
  return text.includes("&")
    ? text.replace(REFERENCE, (one) => (isDropped(one) ? "" : decodeHTML(one)))
    : text;
}

function isDropped(reference: string): boolean {
  const [, hexadecimal, digits] = NUMERIC.exec(reference) ?? [];
  if (digits === undefined) return false;
  const code = Number.parseInt(digits, hexadecimal === "" ? 10 : 16);
  if (code > 0x10ffff) return false; // becomes U+FFFD
  return (
    (code >= 0x01 && code <= 0x08) ||
    code === 0x0b ||
    (code >= 0x0e && code <= 0x1f) ||
    code === 0x7f ||
    (code >= 0xfdd0 && code <= 0xfdef) ||
    (code & PLANE_END) === PLANE_END
  );
}
