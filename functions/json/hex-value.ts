/** Reads hexadecimal digits in ASCII bytes. A regular expression would be too slow for millions of them. */

/** Value of each byte as a digit; -1 for other bytes. */
const VALUES = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = String.fromCharCode(byte);
  return /[0-9a-f]/i.test(digit) ? Number.parseInt(digit, 16) : -1;
});

/** @returns a negative number if fewer digits than needed are at `at` */
export function hexValue(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = VALUES[bytes[i] ?? 0] ?? -1;
    if (digit < 0) return -1;
    value = 16 * value + digit;
  }
  return value;
}
