/** Reads the text of a form field. Forms have no types, so the field's name decides how its text is read. */
import { ServiceError } from "../../runtime/errors.ts";

type Kind = "list" | "boolean" | "number" | "none" | "text";

const KINDS = new Map<string, Kind>([
  ["images", "list"],
  ["labels", "list"],
  ["texts", "list"],
  ["templates", "list"],
  ["negative", "list"],
  ["multi_label", "boolean"],
  ["top_k", "number"],
  ["min_similarity", "number"],
  ["min_score", "number"],
  ["max_num_results", "number"],
  ["none", "none"],
]);
/** Other names that clients use. */
const OTHER_NAMES = new Map([
  ["image", "images"],
  ["input", "images"],
  ["file", "images"],
  ["label", "labels"],
  ["text", "texts"],
]);
/** `labels[]` comes from PHP and Rails, `labels[0]` from libraries that number fields. */
const BRACKETS = /\[\d*\]$/;
/** Fields, by exactly these names, that may have several texts in one. */
const PLURAL = new Set(["labels", "texts"]);
const LOOKS_LIKE_JSON = /^\s*["[{]/;
/** JSON strings separated by commas, or a single one. */
const QUOTED = /^\s*"[^]*"\s*$/;
const TRUE = /^(true|1|on|yes)$/i;
const FALSE = /^(false|0|off|no)$/i;
/** An input that was left empty, or how a program writes "no value". */
const ABSENT = /^(null|none|undefined)?$/i;

/** The field that a part's name means. */
export function fieldOf(name: string): string {
  const bare = name.replace(BRACKETS, "");
  return OTHER_NAMES.get(bare) ?? bare;
}

export function isListField(field: string): boolean {
  return KINDS.get(field) === "list";
}

/** True if a single text under this name is a list of texts. */
export function mayHoldSeveral(name: string): boolean {
  return PLURAL.has(name);
}

export function looksLikeJson(text: string): boolean {
  return LOOKS_LIKE_JSON.test(text);
}

/** The values in a field's text: one value, those of a JSON list, or none if it is empty. */
export function formValues(field: string, text: string): readonly unknown[] {
  const kind = KINDS.get(field) ?? "text";
  if (kind === "list" || (looksLikeJson(text) && !QUOTED.test(text))) return listed(field, text);
  const trimmed = text.trim();
  if (ABSENT.test(trimmed)) return [];
  if (kind === "text") return [trimmed];
  if (kind === "none" && !TRUE.test(trimmed) && !FALSE.test(trimmed)) return listed(field, text);
  if (kind === "boolean" || kind === "none")
    return [TRUE.test(trimmed) || (FALSE.test(trimmed) ? false : trimmed)];
  const number = Number(trimmed);
  return [Number.isNaN(number) ? trimmed : number];
}

/** Limit for the pieces of a text, above that of any list. */
const MAX_PIECES = 10_000;

/** Trims white space, which means nothing around a picture's URL or base64. Texts are cleaned later. */
function listed(field: string, text: string): readonly unknown[] {
  const plain = field === "images" ? text.trim() : text;
  if (!looksLikeJson(text)) return [plain];
  try {
    const parsed: unknown = JSON.parse(QUOTED.test(text) ? `[${text}]` : text);
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    return [plain];
  }
}

/**
 * The texts in a single text: one on each line or, without line breaks, separated by commas. None if there are only
 * commas.
 * @throws ServiceError `invalid_json` for a malformed JSON list, because its pieces would become labels that nobody
 * meant; `too_many_items`
 */
export function severalTexts(field: string, text: string): string[] {
  if (/^\s*\[\s*["{[]/.test(text)) {
    throw new ServiceError("invalid_json", `${field}: a list that is not valid JSON`, { param: field });
  }
  const separator = /[\r\n]/.test(text.trim()) ? /[\r\n]+/ : ",";
  const parts = text.split(separator, MAX_PIECES + 1);
  if (parts.length > MAX_PIECES) {
    throw new ServiceError("too_many_items", `${field}: at most ${MAX_PIECES} texts`, { param: field });
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
