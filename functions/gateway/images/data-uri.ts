/**
 * Reads `data:[media type][;base64],data` (RFC 2397), base64 or percent-encoded. The media type is ignored, because it
 * is often wrong.
 */
import { hexValue } from "../../json/hex-value.ts";
import { decodeBase64 } from "../base64.ts";

const HEADER = /^data:([^,]*?)(;\s*base64)?,/i;
const PERCENT = 0x25;

/** @returns the data; undefined if it is malformed */
export function parseDataUri(uri: string): Uint8Array<ArrayBuffer> | undefined {
  const match = HEADER.exec(uri);
  if (match === null) return undefined;
  const data = uri.slice(match[0].length);
  if (match[2] === undefined) return decodePercent(data);
  return decodeBase64(data.includes("%") ? new TextDecoder().decode(decodePercent(data)) : data);
}

function decodePercent(data: string): Uint8Array<ArrayBuffer> | undefined {
  const encoded = new TextEncoder().encode(data);
  const bytes = new Uint8Array(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    if (encoded[at] !== PERCENT) {
      bytes[length++] = encoded[at] ?? 0;
      continue;
    }
    const byte = hexValue(encoded, at + 1, 2);
    if (byte < 0) return undefined;
    bytes[length++] = byte;
    at += 2;
  }
  return bytes.slice(0, length);
}
