/** UTF-16 code units of an id that an error repeats. */
const MAX_SHOWN = 64;

/** An id, or what was sent as one, as an error shows it: in quotes, and cut short. */
export function shownId(id: string): string {
  return JSON.stringify(id.length > MAX_SHOWN ? `${id.slice(0, MAX_SHOWN)}…` : id);
}
