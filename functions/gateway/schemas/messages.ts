/**
 * What is wrong with a value, in the words of the API: what it must be, and what it is. A schema that says so itself is
 * not asked again; zod's own sentences would tell of a schema that the client does not know.
 */
import type * as z from "zod";

/** What a type is called, by zod's name for it. */
const TYPES = new Map([
  ["string", "a text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "an object"],
]);

/** For `safeParse`'s `error`. */
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
      return `must be of another type than ${nameOf(issue.input)}; GET /openapi.json says of which`;
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
