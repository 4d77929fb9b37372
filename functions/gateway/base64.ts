/** Base64 as clients send it: standard or URL-safe alphabet, with or without padding, with or without line breaks. */

const MINUS = 0x2d;
const UNDERSCORE = 0x5f;

/** @returns undefined for anything that is not base64 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const alphabet = /[-_]/.test(text) ? "base64url" : "base64";
    return Uint8Array.fromBase64(text, { alphabet });
  } catch {
    return undefined;
  }
}

/** Standard alphabet, padded, on one line. */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** Values as they are in memory, which is little-endian wherever Workers run. */
export function bytesToBase64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return encodeBase64(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Characters decoded at a time. */
const PIECE = 65_536;

/**
 * The same for ASCII bytes. It decodes piece by piece, so that the whole text is never one string.
 * @returns undefined for anything that is not base64
 */
export function decodeBase64Bytes(ascii: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const decoded = new Uint8Array(Math.ceil((ascii.length * 3) / 4));
  const latin1 = new TextDecoder("latin1");
  const alphabet = ascii.includes(MINUS) || ascii.includes(UNDERSCORE) ? "base64url" : "base64";
  let written = 0;
  try {
    for (let at = 0; at < ascii.length;) {
      const isLast = at + PIECE >= ascii.length;
      const text = latin1.decode(ascii.subarray(at, at + PIECE));
      const lastChunkHandling = isLast ? "loose" : "stop-before-partial";
      const done = decoded.subarray(written).setFromBase64(text, { alphabet, lastChunkHandling });
      // Padding before the end: what follows it is not base64.
      if (done.read === 0 || (isLast && done.read < text.length)) return undefined;
      at += done.read;
      written += done.written;
    }
  } catch {
    return undefined;
  }
  return new Uint8Array(decoded.buffer.transfer(written));
}
