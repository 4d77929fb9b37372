/**
 * An object on an endpoint of our own: a field that it does not have is refused, since a threshold whose name was
 * misspelt must not be dropped in silence. Where a shape is somebody else's, unknown fields are ignored.
 */
import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";

/** Of an unknown name, the characters that are looked at: it may be of any length. */
const MAX_LENGTH = 64;
/** Characters added, taken away or changed, up to which a name is taken for another one misspelt. */
const NEAR = 2;

/** @param aliases other names that its fields may come under, see `body/fields.ts` */
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
