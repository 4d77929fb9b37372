/**
 * Canonical composition (NFC) in time proportional to the length. JavaScript's `normalize` sorts each run of combining
 * marks in quadratic time: a megabyte of marks, which fits in a request, would take minutes.
 */

/**
 * Longest run of marks that is composed at once. No language needs more (Unicode Annex 15, "Stream-Safe Text Format");
 * a longer run is composed in pieces.
 */
const LONGEST_RUN = 30;

const TOO_LONG = new RegExp(`\\p{M}{${LONGEST_RUN + 1}}`, "u");
/**
 * Cuts before a character that is not a mark, because it does not compose with what precedes it, or inside a run that
 * is too long.
 */
const PIECES = new RegExp(`\\P{M}*\\p{M}{0,${LONGEST_RUN}}`, "gu");

export function compose(text: string): string {
  if (!TOO_LONG.test(text)) return text.normalize("NFC");
  return text.replace(PIECES, (piece) => piece.normalize("NFC"));
}
