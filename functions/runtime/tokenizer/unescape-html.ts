/**
 * HTML character references → characters, as Python's `html.unescape` has it, which the reference calls: HTML5's
 * names, the old ones also without their semicolon ("&ampx" is "&x"). `entities` knows the names; what differs is
 * that Python drops references to code points that no text may have.
 */
import { decodeHTML } from "entities/decode";

/** One reference, by the grammar of Python's `html` module: decimal, hexadecimal or up to 32 characters of a name. */
const REFERENCE = /&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;
const NUMERIC = /^&#([xX]?)([0-9a-fA-F]+)/;

/** U+FFFE, U+FFFF and the same two of every later plane. */
const PLANE_END = 0xfffe;

/** Each reference once, from left to right: what comes out is not looked at again. */
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
