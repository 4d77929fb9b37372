/**
 * Error messages in the API's own words: what a value must be, and what it is. Zod's messages are not used, because
 * they describe a schema that the client does not know. A schema with its own message keeps it.
 */
import type * as z from "zod";

/** The API's word for each of zod's type names. */
const TYPES = new Map([
  ["string", "a text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "an object"],
]);

/** The message for an issue; passed to `safeParse` as `error`. */
export function messageOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES.get(issue.expected) ?? issue.expected}, not ${nameOf(issue.input)}`;
    case "invalid_value":
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
      return `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_union":
      return `must be of another type than ${nameOf(issue.input)}; GET /openapi.json says which`;
    default:
      return "is not as GET /openapi.json describes it";
  }
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
      return Number.isFinite(value) && !Number.isInteger(value) ? "a fraction" : "a number";
    case "boolean":
      return "true or false";
    case "undefined":
      return "missing";
    default:
      return "an object";
  }
}
