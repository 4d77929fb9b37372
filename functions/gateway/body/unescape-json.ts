/** The escapes of a JSON string (RFC 8259, section 7) resolved in its bytes: what an escape stands for is never longer. */

const BACKSLASH = 0x5c;
const SIMPLE = new Map(
  Array.from(`"\\/bfnrt`, (letter, i) => [letter.charCodeAt(0), `"\\/\b\f\n\r\t`.charCodeAt(i)]),
);
const LETTER_U = 0x75;
const HEX = /^[0-9a-f]{4}$/i;

/**
 * @param content UTF-8 between the quotes; overwritten
 * @returns its beginning, with what it stands for. Halves of characters become U+FFFD
 * @throws SyntaxError for an escape that JSON does not have
 */
export function unescapeJson(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let escape = content.indexOf(BACKSLASH);
  if (escape === -1) return content;
  const encoder = new TextEncoder();
  let written = escape;
  while (escape !== -1) {
    let read = escape;
    const simple = SIMPLE.get(content[escape + 1] ?? 0);
    if (simple === undefined) {
      // Two of them may be one character: taken together.
      let units = "";
      while (content[read] === BACKSLASH && content[read + 1] === LETTER_U && units.length < 2) {
        units += String.fromCharCode(Number.parseInt(hexDigits(content, read + 2), 16));
        read += 6;
        if (!/[\ud800-\udbff]/.test(units)) break;
      }
      if (units === "") throw new SyntaxError("an escape that JSON does not have");
      written += encoder.encodeInto(units, content.subarray(written, read)).written;
    } else {
      content[written++] = simple;
      read += 2;
    }
    const next = content.indexOf(BACKSLASH, read);
    const end = next === -1 ? content.length : next;
    content.copyWithin(written, read, end);
    written += end - read;
    escape = next;
  }
  return content.subarray(0, written);
}

function hexDigits(content: Uint8Array, at: number): string {
  const digits = String.fromCharCode(...content.subarray(at, at + 4));
  if (!HEX.test(digits)) throw new SyntaxError("an escape that JSON does not have");
  return digits;
}
