/** Bytes as 10⁶ of them, for people. @param digits behind the point */
export function megabytes(bytes: number, digits = 1): string {
  return (bytes / 1e6).toFixed(digits);
}
