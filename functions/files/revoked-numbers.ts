/** Numbers of a blob's files that are gone: a bit for each, base64url, in the metadata of the blob's object. */

export function hasNumber(bits: string | undefined, number: number): boolean {
  if (bits === undefined) return false;
  return (((decoded(bits)[number >> 3] ?? 0) >> (number & 7)) & 1) === 1;
}

/** @returns undefined if all of them are there already */
export function withNumbers(bits: string | undefined, numbers: readonly number[]): string | undefined {
  const before = decoded(bits);
  const largest = numbers.reduce((most, number) => Math.max(most, number), 0);
  const bytes = new Uint8Array(Math.max(before.length, (largest >> 3) + 1));
  bytes.set(before);
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7));
  const isSame = bytes.length === before.length && bytes.every((byte, i) => byte === before[i]);
  return isSame ? undefined : bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function decoded(bits: string | undefined): Uint8Array {
  return bits === undefined ? new Uint8Array() : Uint8Array.fromBase64(bits, { alphabet: "base64url" });
}
