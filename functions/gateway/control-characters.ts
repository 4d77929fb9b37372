/** Control characters, and those that turn the direction of text, with which a name could look like another. */
const CONTROLS = /[\p{Cc}\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu;

export function withoutControls(text: string): string {
  return text.replace(CONTROLS, "");
}
