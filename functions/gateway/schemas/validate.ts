/** Turns a schema's complaint into the contract's error: a code, a sentence, the path of the field. */
import type * as z from "zod";
import { ERROR_KINDS, type ErrorCode, ServiceError } from "../../runtime/errors.ts";

/** @throws ServiceError for the first issue */
export function validate<S extends z.ZodType>(schema: S, fields: unknown): z.output<S> {
  const parsed = schema.safeParse(fields, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  if (first === undefined) throw parsed.error;
  const issue = withinUnion(first);
  const param = fieldPath(issue.path);
  const code = codeOf(issue);
  if (param === "") throw new ServiceError(code, issue.message);
  const missing = issue.code === "invalid_type" && code === "missing_field";
  throw new ServiceError(code, missing ? `${param} is missing` : `${param}: ${issue.message}`, { param });
}

/**
 * A union says only that no alternative fits. Among those of the right type, the one with the fewest complaints is
 * what the caller meant, and its complaint what they need to hear; the first listed, if there are several.
 */
function withinUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const [meant] = issue.errors
    .filter(([first]) => first !== undefined && !(first.code === "invalid_type" && first.path.length === 0))
    .toSorted((a, b) => a.length - b.length);
  const inner = meant?.[0];
  return inner === undefined ? issue : withinUnion({ ...inner, path: [...issue.path, ...inner.path] });
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
    case "invalid_type":
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
