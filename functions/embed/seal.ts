/**
 * A checksum in front of what is kept in KV. An embedding that came back with other bits would be as good a vector as
 * any and answer wrongly; its seal does not fit, and it is computed again. The entry's name is part of the seal, so that
 * one entry does not pass for another.
 */
import { sha256Hex } from "../runtime/sha256-hex.ts";

/** SHA-256, cut. Room for it is kept at the front of the value; a multiple of what a float32 array must begin at. */
export const SEAL_BYTES = 16;

/** Fills in the seal. */
export async function seal(value: Uint8Array<ArrayBuffer>, name: string): Promise<void> {
  value.set(await sealOf(value, name));
}

export async function isSealed(value: Uint8Array<ArrayBuffer>, name: string): Promise<boolean> {
  if (value.length < SEAL_BYTES) return false;
  const expected = await sealOf(value, name);
  return expected.every((byte, i) => value[i] === byte);
}

async function sealOf(value: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  const content = await sha256Hex(value.subarray(SEAL_BYTES));
  const named = new TextEncoder().encode(`${content} ${name}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", named)).subarray(0, SEAL_BYTES);
}
