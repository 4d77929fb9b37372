/**
 * A string with a maximum length. It refuses the replacement of a lifted string: the string itself was longer than any
 * limit here, and its replacement is neither a name nor a text (`functions/json/lift-strings.ts`).
 */
import * as z from "zod";
import { LIFTED } from "../../json/lift-strings.ts";

/**
 * @param max UTF-16 code units
 * @param string a schema for further conditions
 */
export function shortString(max: number, string: z.ZodString = z.string()) {
  const error = `at most ${max} characters`;
  return string
    .refine((text) => !text.startsWith(LIFTED), { error, params: { code: "too_long" }, abort: true })
    .max(max, error);
}
