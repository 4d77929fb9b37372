/** A number as people read it: 50,000. */
export function shownNumber(value: number): string {
  return value.toLocaleString("en");
}
