/** Values as messages show them. */

/** UTF-16 code units of an id that an error repeats. */
const MAX_SHOWN = 64;
/** Control characters, and those that turn the direction of text, with which a name could look like another. */
const CONTROLS = /[\p{Cc}\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu;

/** An id, or what was sent as one, as an error shows it: in quotes, and cut short. */
export function shownId(id: string): string {
  return JSON.stringify(id.length > MAX_SHOWN ? `${id.slice(0, MAX_SHOWN)}…` : id);
}

/** A number as people read it: 50,000. */
export function shownNumber(value: number): string {
  return value.toLocaleString("en");
}

export function withoutControls(text: string): string {
  return text.replace(CONTROLS, "");
}
