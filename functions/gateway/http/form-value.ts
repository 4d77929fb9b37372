/** What the text of a form's field means: forms have no types, so a list, an object or a number is guessed. */
import { IMAGE_ALIASES, LABEL_ALIASES, TEXT_ALIASES } from "../schemas/aliases.ts";

/** Fields that may be repeated, or hold a JSON list. */
const LIST_FIELDS = new Set<string>([
  ...IMAGE_ALIASES,
  ...LABEL_ALIASES,
  ...TEXT_ALIASES,
  "templates",
  "negative",
]);
/** Alone it is itself; several are a list. */
const LIST_IF_REPEATED = "label_set";
const LOOKS_LIKE_JSON = /^\s*[[{]/;

/** @param values what came under the name */
export function isListField(name: string, values: readonly unknown[]): boolean {
  return LIST_FIELDS.has(name) || (name === LIST_IF_REPEATED && values.length > 1);
}

/** One value, or those of a JSON list. */
export function formValue(name: string, text: string): unknown[] {
  if (!LOOKS_LIKE_JSON.test(text)) return [LIST_FIELDS.has(name) ? text : scalar(text)];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return [text];
  }
}

function scalar(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
