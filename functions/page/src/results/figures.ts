/** Formats numbers for the page. */

/** @param share 0 to 1 */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** @param cosine -1 to 1 */
export function cosineText(cosine: number): string {
  // Use the minus sign, which is as wide as a digit, instead of the hyphen.
  return cosine.toFixed(3).replace("-", "\u2212");
}

/** @param duration milliseconds */
export function time(duration: number): string {
  if (duration >= 1000) return `${(duration / 1000).toFixed(2)} s`;
  return `${duration.toFixed(duration < 10 ? 1 : 0)} ms`;
}
