/**
 * A string of at most so many characters. One that was lifted out of the request's JSON is longer than any of these,
 * and what stands in its place is neither a name nor a text (`body/lift-strings.ts`).
 */
import * as z from "zod";
import { LIFTED } from "../body/lift-strings.ts";

/**
 * @param max UTF-16 code units
 * @param string what must hold of it besides
 */
export function shortString(max: number, string: z.ZodString = z.string()) {
  const error = `at most ${max} characters`;
  return string
    .refine((text) => !text.startsWith(LIFTED), { error, params: { code: "too_long" }, abort: true })
    .max(max, error);
}
