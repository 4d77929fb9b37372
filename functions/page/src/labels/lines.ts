/** Reads lists that a person typed. */

/** Splits a list with one entry on each line. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Splits a list with one entry on each line, or with commas between entries. */
export function linesOrCommas(text: string): string[] {
  return lines(text.replaceAll(",", "\n"));
}

/** Shows the number of entries beside a field. */
export function showCount(
  field: HTMLTextAreaElement,
  count: HTMLElement,
  split: (text: string) => string[],
): void {
  const show = (): void => {
    count.textContent = `(${split(field.value).length})`;
  };
  field.addEventListener("input", show);
  show();
}
