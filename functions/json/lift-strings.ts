/**
 * Takes long strings out of a JSON text before it is parsed ("lifts" them). Otherwise a picture in base64 would be in
 * memory three times: as bytes, as text, and as a string in the parsed object, and only the garbage collector can free
 * the last two. The bytes of a lifted string are decoded in place.
 */

import { concatBytes } from "../runtime/bytes/concat-bytes.ts";
import { ServiceError } from "../runtime/errors.ts";
import { BACKSLASH, COLON, QUOTE, SPACE } from "./json-bytes.ts";
import { unescapeJson } from "./unescape-json.ts";

/** Replaces a lifted string; an index follows. No text or label begins with it. */
export const LIFTED = "\0lifted:";
/** Follows the index if the string is a picture's data URI. */
const PICTURE_MARK = ":picture";
/** Bytes within which a data URI says that it is a picture, including leading white space. */
const PICTURE_START = 64;
const PICTURE = /^\s*data:image\//i;

/**
 * Least length of a lifted string, bytes between the quotes. Texts are shorter, even if each character is escaped:
 * 8,192 times 6 bytes.
 */
export const LIFTED_LENGTH = 65_536;

export interface LiftedJson {
  /** The JSON text without its long strings. */
  json: Uint8Array<ArrayBuffer>;
  /** The strings, as views of the original text. */
  strings: Uint8Array<ArrayBuffer>[];
}

/**
 * Takes out each string of `LIFTED_LENGTH` bytes or more. It resolves escapes in place: PHP writes `\/` for each slash
 * in base64, .NET `\u002B` for each plus. Invalid JSON is left for the parser to refuse.
 * @throws SyntaxError for an escape that JSON does not have; ServiceError `too_long` for the name of a field: no field
 * has such a name, and nothing may be kept or shown under the name's replacement
 */
export function liftStrings(bytes: Uint8Array<ArrayBuffer>): LiftedJson {
  const strings: Uint8Array<ArrayBuffer>[] = [];
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (let open = bytes.indexOf(QUOTE); open !== -1;) {
    const close = endOfString(bytes, open + 1);
    if (close === -1) break;
    if (close - open - 1 >= LIFTED_LENGTH) {
      if (isName(bytes, close + 1)) {
        throw new ServiceError("too_long", `the name of a field has ${LIFTED_LENGTH} bytes or more`);
      }
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

/** True for a picture's data URI, or for the replacement of one. */
export function isPictureUri(text: string): boolean {
  return PICTURE.test(text) || (text.startsWith(LIFTED) && text.endsWith(PICTURE_MARK));
}

/** True if the string that ends before `at` is the name of a field. */
function isName(bytes: Uint8Array, at: number): boolean {
  let next = at;
  while ((bytes[next] ?? Infinity) <= SPACE) next++;
  return bytes[next] === COLON;
}

/** How far a string is searched byte by byte before `indexOf`, whose call alone costs about as much. */
const SHORT = 64;

/** Offset of the closing quote of the string that begins at `start`; -1 if there is none. */
export function endOfString(bytes: Uint8Array, start: number): number {
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
