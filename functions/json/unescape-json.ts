/** Resolves the escapes of a JSON string (RFC 8259, section 7) in place: the result is never longer than the escape. */
import { hexValue } from "./hex-value.ts";
import { BACKSLASH, LETTER_U } from "./json-bytes.ts";

/** Indexed by the character after a backslash: the character that the two mean; 0 if there is none. */
const SIMPLE = new Uint8Array(256);
for (const [i, letter] of Array.from(`"\\/bfnrt`).entries()) {
  SIMPLE[letter.charCodeAt(0)] = `"\\/\b\f\n\r\t`.charCodeAt(i);
}
/** Replaces half of a surrogate pair. */
const REPLACEMENT = 0xfffd;

const isFirstHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isSecondHalf = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/**
 * Works byte by byte, because a string may consist of escapes only and be 16 MB long.
 * @param content UTF-8 between the quotes; overwritten
 * @returns the beginning of `content`, which holds the result. Halves of surrogate pairs become U+FFFD
 * @throws SyntaxError for an escape that JSON does not have
 */
export function unescapeJson(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let read = content.indexOf(BACKSLASH);
  if (read === -1) return content;
  let written = read;
  while (read < content.length) {
    const byte = content[read++] ?? 0;
    if (byte !== BACKSLASH) {
      content[written++] = byte;
      continue;
    }
    const letter = content[read++] ?? 0;
    if (letter !== LETTER_U) {
      const simple = SIMPLE[letter] ?? 0;
      if (simple === 0) throw unknownEscape();
      content[written++] = simple;
      continue;
    }
    let code = unitAt(content, read);
    read += 4;
    if (isFirstHalf(code) && content[read] === BACKSLASH && content[read + 1] === LETTER_U) {
      const second = unitAt(content, read + 2);
      if (isSecondHalf(second)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
        read += 6;
      }
    }
    written = writeUtf8(content, written, isFirstHalf(code) || isSecondHalf(code) ? REPLACEMENT : code);
  }
  return content.subarray(0, written);
}

function unitAt(content: Uint8Array, at: number): number {
  const unit = hexValue(content, at, 4);
  if (unit < 0) throw unknownEscape();
  return unit;
}

/** @returns the offset after the written bytes */
function writeUtf8(bytes: Uint8Array, at: number, code: number): number {
  let end = at;
  if (code < 0x80) bytes[end++] = code;
  else {
    if (code < 0x800) bytes[end++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[end++] = 0xe0 | (code >> 12);
      else {
        bytes[end++] = 0xf0 | (code >> 18);
        bytes[end++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[end++] = 0x80 | (code & 0x3f);
  }
  return end;
}

function unknownEscape(): SyntaxError {
  return new SyntaxError("an escape that JSON does not have");
}
