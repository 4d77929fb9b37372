/**
 * SHA-256 for names, seals and keys. Hashes of a model's files are made by `model-shards/sha256.ts`, because `build/`
 * and `functions/` must agree on them.
 */

/** @returns the digest as 64 lower-case hexadecimal digits */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  // Not by `toHex`: the commands hash keys with this function in Node, which lacks it.
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
