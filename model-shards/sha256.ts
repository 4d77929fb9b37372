/** SHA-256 for files of models, names, checksums and keys. Uses Web Crypto, which Node, workerd and browsers have. */

/** @returns the digest as 64 lower-case hexadecimal digits */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}

/** Lower-case hexadecimal digits. Not by `toHex`, because Node lacks it. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
