/**
 * A text from elsewhere, such as a file's name or a service's answer, for one line of a terminal. A control character
 * would move the cursor, a line end would tear the line, and a mark of direction would show the text in another order:
 * each is written as its escape.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  });
}

/** As `printable`, for a text of several lines: its line ends stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
