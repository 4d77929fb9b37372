/** Base64 as clients send it: standard or URL-safe alphabet, with or without padding, broken into lines or not. */

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
