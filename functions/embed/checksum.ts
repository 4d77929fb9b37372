/**
 * A checksum in front of each value in KV. An embedding with altered bits still looks like a valid vector and would
 * give wrong answers. If the checksum does not match, the embedding is computed again. The checksum covers the entry's
 * name, so one entry cannot pass for another.
 */
import { sha256Hex } from "../../model-shards/sha256.ts";

/**
 * Truncated SHA-256. Each value begins with this much room for it. It is a multiple of 4, because float32 values
 * follow.
 */
export const CHECKSUM_BYTES = 16;

/** Writes the checksum. */
export async function writeChecksum(value: Uint8Array<ArrayBuffer>, name: string): Promise<void> {
  value.set(await checksumOf(value, name));
}

export async function hasChecksum(value: Uint8Array<ArrayBuffer>, name: string): Promise<boolean> {
  if (value.length < CHECKSUM_BYTES) return false;
  const expected = await checksumOf(value, name);
  return expected.every((byte, i) => value[i] === byte);
}

async function checksumOf(value: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  const content = await sha256Hex(value.subarray(CHECKSUM_BYTES));
  const named = new TextEncoder().encode(`${content} ${name}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", named)).subarray(0, CHECKSUM_BYTES);
}
