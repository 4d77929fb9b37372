/** Turns a schema's complaint into the contract's error: a code, a sentence, the path of the field. */
import type * as z from "zod";
import { ERROR_KINDS, type ErrorCode, ServiceError } from "../../runtime/errors.ts";

/** @throws ServiceError for the first issue */
export function validate<S extends z.ZodType>(schema: S, fields: unknown): z.output<S> {
  const parsed = schema.safeParse(fields, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw parsed.error;
  const param = fieldPath(issue.path);
  const options = param === "" ? {} : { param };
  throw new ServiceError(codeOf(issue), param === "" ? issue.message : `${param}: ${issue.message}`, options);
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
