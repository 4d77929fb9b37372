/** Lists that are typed. */

/** One a line. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** One a line, or with commas between. */
export function linesOrCommas(text: string): string[] {
  return lines(text.replaceAll(",", "\n"));
}

/** Says, beside a field, how many there are in it. */
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
