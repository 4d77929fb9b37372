/** Finds the bytes of a picture's reference: those that were lifted out of the request's JSON, or the text's own. */
import { LIFTED } from "../../json/lift-strings.ts";

/** White space in ASCII has this code or a lower one. */
const SPACE = 0x20;

/**
 * @param strings the strings that were lifted out
 * @returns UTF-8 without leading white space: a view of the lifted string, or a copy of the reference
 */
export function bytesOfReference(
  reference: string,
  strings: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const index = reference.startsWith(LIFTED) ? Number.parseInt(reference.slice(LIFTED.length), 10) : NaN;
  const lifted = strings[index];
  if (lifted === undefined) return new TextEncoder().encode(reference) as Uint8Array<ArrayBuffer>;
  return lifted.subarray(lifted.findIndex((byte) => byte > SPACE));
}
