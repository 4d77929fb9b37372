/** What the API does not say of a model, and somebody who drops a photograph should know. */

const NOTES: Readonly<Record<string, string>> = {
  "edgeclip/demo": "A demonstration: it knows pictograms, not photographs.",
};

/** @returns empty if there is nothing to say */
export function modelNote(id: string): string {
  return NOTES[id] ?? "";
}
