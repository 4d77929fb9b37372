/**
 * Reads `data:[media type][;base64],data` (RFC 2397), base64 or percent-encoded. The media type is ignored, because it
 * is often wrong.
 */
import { hexValue } from "../../json/hex-value.ts";
import { decodeBase64Bytes } from "../base64.ts";

const SCHEME = /^data:/i;
const SCHEME_BYTES = 5;
const BASE64 = /;\s*base64$/i;
/** Bytes before the comma in which `;base64` is looked for. */
const BASE64_BYTES = 64;
const COMMA = 0x2c;
const PERCENT = 0x25;

export function isDataUri(text: Uint8Array): boolean {
  return SCHEME.test(latin1(text.subarray(0, SCHEME_BYTES)));
}

/**
 * Works in place: the data may be 16 MB, and is never longer than what it is written as.
 * @param uri in UTF-8; its percent escapes are overwritten
 * @returns the data, which may be a view of `uri`; undefined if it is malformed
 */
export function parseDataUri(uri: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const comma = uri.indexOf(COMMA);
  if (comma === -1) return undefined;
  const data = decodePercent(uri.subarray(comma + 1));
  const isBase64 = BASE64.test(latin1(uri.subarray(Math.max(0, comma - BASE64_BYTES), comma)));
  return isBase64 && data !== undefined ? decodeBase64Bytes(data) : data;
}

/** @returns the beginning of `data`, which holds the result; undefined for an escape without two digits */
function decodePercent(data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  let read = data.indexOf(PERCENT);
  if (read === -1) return data;
  let written = read;
  while (read < data.length) {
    let byte = data[read++] ?? 0;
    if (byte === PERCENT) {
      byte = hexValue(data, read, 2);
      if (byte < 0) return undefined;
      read += 2;
    }
    data[written++] = byte;
  }
  return data.subarray(0, written);
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
