/**
 * Long strings taken out of a JSON text before it is parsed. A picture in base64 would otherwise be in memory as bytes,
 * as text, and as a string in the parsed object, two of which only the garbage collector can take away; lifted out, its
 * bytes are decoded where they are.
 */

import { concatBytes } from "../../runtime/concat-bytes.ts";
import { unescapeJson } from "./unescape-json.ts";

/** Stands, with an index after it, where a string was. No text or label begins with it. */
export const LIFTED = "\0lifted:";
/** Follows the index where the string was a picture's data URI. */
const PICTURE_MARK = ":picture";
/** Bytes in which a data URI says that it is a picture, white space before it included. */
const PICTURE_START = 64;
const PICTURE = /^\s*data:image\//i;

/** Bytes between the quotes. Texts are shorter, even those whose every character is escaped: 8,192 times 6 bytes. */
export const LIFTED_LENGTH = 65_536;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export interface LiftedJson {
  /** The JSON text without its long strings. */
  json: Uint8Array<ArrayBuffer>;
  /** The strings, as views of the text they were in. */
  strings: Uint8Array<ArrayBuffer>[];
}

/**
 * Takes out each string of `LIFTED_LENGTH` bytes or more. Escapes in it are resolved where they stand: PHP writes `\/` for
 * each slash of base64, .NET `\u002B` for each plus. What is not JSON is left for the parser to refuse.
 * @throws SyntaxError for an escape that JSON does not have
 */
export function liftStrings(bytes: Uint8Array<ArrayBuffer>): LiftedJson {
  const strings: Uint8Array<ArrayBuffer>[] = [];
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (let open = bytes.indexOf(QUOTE); open !== -1;) {
    const close = endOfString(bytes, open + 1);
    if (close === -1) break;
    if (close - open - 1 >= LIFTED_LENGTH) {
      const content = unescapeJson(bytes.subarray(open + 1, close));
      const start = new TextDecoder("latin1").decode(content.subarray(0, PICTURE_START));
      const mark = PICTURE.test(start) ? PICTURE_MARK : "";
      const placeholder = new TextEncoder().encode(JSON.stringify(`${LIFTED}${strings.length}${mark}`));
      parts.push(bytes.subarray(copied, open), placeholder);
      strings.push(content);
      copied = close + 1;
    }
    open = bytes.indexOf(QUOTE, close + 1);
  }
  if (strings.length === 0) return { json: bytes, strings };
  parts.push(bytes.subarray(copied));
  return { json: concatBytes(parts), strings };
}

/** Whether this is a data URI that says it is a picture, or stands for one. */
export function isPictureUri(text: string): boolean {
  return PICTURE.test(text) || (text.startsWith(LIFTED) && text.endsWith(PICTURE_MARK));
}

/** Bytes of a string that are looked at one by one: a call takes as long as that. */
const SHORT = 64;

/** Where the string that begins at `start` has its closing quote; -1 if it has none. */
function endOfString(bytes: Uint8Array, start: number): number {
  const near = Math.min(start + SHORT, bytes.length);
  for (let at = start; at < near; at++) {
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] === BACKSLASH) break;
  }
  for (let quote = bytes.indexOf(QUOTE, start); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0;
    while (quote - backslashes > start && bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}
