/** Formats bytes as megabytes (10⁶). @param digits after the decimal point */
export function megabytes(bytes: number, digits = 1): string {
  return (bytes / 1e6).toFixed(digits);
}
