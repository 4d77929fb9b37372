/** Turns a schema's issue into the API's error: a code, a message, the path of the field. */
import type * as z from "zod";
import { ERROR_KINDS, type ErrorCode, ServiceError } from "../../../runtime/errors.ts";
import { Pauses } from "../../../runtime/sharing/pauses.ts";
import type { Wanted } from "../../../runtime/sharing/wanted.ts";
import type { PausingContext } from "./list.ts";
import { messageOf } from "./messages.ts";
import { withoutNulls } from "./without-nulls.ts";

/** UTF-16 code units of an unknown field's name that the error message repeats. */
const MAX_SHOWN = 64;

/**
 * Works in steps, with pauses so that other requests are not held up: a request may be long.
 * @param fields fields that are null count as absent
 * @param wanted checked in each pause
 * @throws ServiceError for the first issue, or for an unknown field; ClientGoneError
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
 * Finds the issue to report for a union, where zod says only that no alternative fits. Of the alternatives with the
 * right type, the caller probably meant the one with no missing field and the fewest issues, so its issue is reported.
 * An object without the field that identifies an alternative was not meant as that alternative.
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

/** Reports an unknown field first, because a misspelled name may be the reason why another field is missing. */
function mainIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const unknown = issues.find(({ code }) => code === "unrecognized_keys");
  return unknown?.code === "unrecognized_keys"
    ? { ...unknown, path: [...unknown.path, (unknown.keys[0] ?? "").slice(0, MAX_SHOWN)] }
    : issues[0];
}

function depth([first]: readonly z.core.$ZodIssue[]): number {
  return first === undefined ? 0 : withinUnion(first).path.length;
}

/** True if the value has a type that the alternative does not accept at all. */
function isOfAnotherType(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  // A value that is not an instance of the expected class gives an issue without a code of its own.
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
    case "invalid_value":
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
