/**
 * SHA-256 for names, seals and keys at the edge. The hashes of a model's files are another matter: they are part of the
 * contract of build and edge, `model-shards/sha256.ts`.
 */

/** @returns the digest as 64 lower-case hexadecimal digits */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  // Without `toHex`, since the commands hash keys in Node as well.
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
