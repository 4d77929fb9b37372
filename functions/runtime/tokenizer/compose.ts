/**
 * Canonical composition (NFC) in time proportional to the length. The engine sorts each run of combining marks in
 * quadratic time: a megabyte of them, which fits in a request, would take minutes.
 */

/**
 * Marks in a row that are sorted together. No language needs more (Unicode Annex 15, "Stream-Safe Text Format");
 * what goes on longer is composed in pieces.
 */
const LONGEST_RUN = 30;

const TOO_LONG = new RegExp(`\\p{M}{${LONGEST_RUN + 1}}`, "u");
/** Cuts only before a character that is no mark, which composes with nothing before a mark, or in a run too long. */
const PIECES = new RegExp(`\\P{M}*\\p{M}{0,${LONGEST_RUN}}`, "gu");

export function compose(text: string): string {
  if (!TOO_LONG.test(text)) return text.normalize("NFC");
  return text.replace(PIECES, (piece) => piece.normalize("NFC"));
}
