/**
 * An object on one of this project's own endpoints. Unknown fields are refused, because a misspelled threshold must not
 * be ignored without notice. Where the request follows another API, unknown fields are ignored.
 */
import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";

/** Characters of an unknown name that are compared. The name may have any length. */
const MAX_LENGTH = 64;
/** Edit distance (characters added, removed or changed) up to which an unknown name counts as a misspelling. */
const NEAR = 2;

/** @param aliases other names for its fields; see `body/fields.ts` */
export function ownObject<S extends z.core.$ZodLooseShape>(shape: S, aliases: readonly string[] = []) {
  const known = [...new Set([...Object.keys(shape), ...aliases])];
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? unknownField(issue.keys, known) : undefined),
  });
}

function unknownField([sent = ""]: readonly string[], known: readonly string[]): string {
  const name = sent.slice(0, MAX_LENGTH).toLowerCase().replaceAll("-", "_");
  const nearest = closest(name, [...known]);
  return distance(name, nearest) <= Math.max(NEAR, nearest.length / 3)
    ? `there is no such field; did you mean "${nearest}"?`
    : `there is no such field, only ${known.join(", ")}`;
}
