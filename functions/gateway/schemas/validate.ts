/** Turns a schema's complaint into the contract's error: a code, a sentence, the path of the field. */
import type * as z from "zod";
import { ERROR_KINDS, type ErrorCode, ServiceError } from "../../runtime/errors.ts";
import { Pauses } from "../../runtime/pauses.ts";
import type { Wanted } from "../../runtime/wanted.ts";
import type { PausingContext } from "./list.ts";
import { messageOf } from "./messages.ts";
import { withoutNulls } from "./without-nulls.ts";

/** UTF-16 code units of an unknown field's name that its refusal repeats. */
const MAX_SHOWN = 64;

/**
 * In steps between which others are answered: a client decides how long a request is.
 * @param fields of which those that are null count as absent
 * @param wanted asked in each pause
 * @throws ServiceError for the first issue, or for a field that is unknown; ClientGoneError
 */
export async function validate<S extends z.ZodType>(
  schema: S,
  fields: unknown,
  wanted: Wanted = () => true,
): Promise<z.output<S>> {
  const pauses = new Pauses(wanted);
  const context: z.core.ParseContext<z.core.$ZodIssue> & PausingContext = {
    reportInput: true,
    error: messageOf,
    pauses,
  };
  const parsed = await schema.safeParseAsync(await withoutNulls(fields, pauses), context);
  if (parsed.success) return parsed.data;
  const main = mainIssue(parsed.error.issues);
  if (main === undefined) throw parsed.error;
  const issue = withinUnion(main);
  const param = fieldPath(issue.path);
  const code = codeOf(issue);
  if (param === "") throw new ServiceError(code, issue.message);
  const missing = issue.code !== "custom" && code === "missing_field";
  throw new ServiceError(code, missing ? `${param} is missing` : `${param}: ${issue.message}`, { param });
}

/**
 * A union says only that no alternative fits. Among those of the right type, the one that misses no field and has the
 * fewest complaints is what the caller meant, and its complaint what they need to hear. An object that misses the very
 * field by which each of several alternatives is known was none of them.
 */
function withinUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const candidates = issue.errors.filter(([first]) => first !== undefined && !isOfAnotherType(first));
  const [meant] = candidates.toSorted(
    (a, b) =>
      Number(a.some(isMissing)) - Number(b.some(isMissing)) || a.length - b.length || depth(b) - depth(a),
  );
  const inner = mainIssue(meant ?? []);
  const isNone = candidates.length > 1 && meant?.some(isMissing) === true && depth(meant) <= 1;
  return inner === undefined || isNone
    ? issue
    : withinUnion({ ...inner, path: [...issue.path, ...inner.path] });
}

/** A name that is unknown may be why another is missing. */
function mainIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const unknown = issues.find(({ code }) => code === "unrecognized_keys");
  return unknown?.code === "unrecognized_keys"
    ? { ...unknown, path: [...unknown.path, (unknown.keys[0] ?? "").slice(0, MAX_SHOWN)] }
    : issues[0];
}

function depth([first]: readonly z.core.$ZodIssue[]): number {
  return first === undefined ? 0 : withinUnion(first).path.length;
}

/** Not what was sent, but something else altogether, would have been right. */
function isOfAnotherType(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  // A class that it is no instance of has no code of its own.
  if (issue.code === "invalid_type" || (issue.code === "custom" && issue.params === undefined)) return true;
  return issue.code === "invalid_union" && issue.errors.every(([first]) => !first || isOfAnotherType(first));
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  if (issue.code === "invalid_union") return issue.errors.every((inner) => inner.some(isMissing));
  return issue.path.length > 0 && issue.input === undefined;
}

/** `["images", 2]` → `images[2]`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

function codeOf(issue: z.core.$ZodIssue): ErrorCode {
  switch (issue.code) {
    case "custom": {
      const code: unknown = issue.params?.["code"];
      return typeof code === "string" && code in ERROR_KINDS ? (code as ErrorCode) : "invalid_type";
    }
    case "unrecognized_keys":
      return "unknown_field";
    case "invalid_type":
    case "invalid_union":
      return issue.input === undefined ? "missing_field" : "invalid_type";
    case "too_small":
      return issue.origin === "number" ? "invalid_type" : "empty_input";
    case "too_big":
      if (issue.origin === "number") return "invalid_type";
      return issue.origin === "array" ? "too_many_items" : "too_long";
    default:
      return "invalid_type";
  }
}
