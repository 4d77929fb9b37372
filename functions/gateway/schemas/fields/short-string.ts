/**
 * A string with a maximum length. It refuses the replacement of a lifted string: the string itself was longer than any
 * limit here, and its replacement is neither a name nor a text (`functions/json/lift-strings.ts`).
 */
import * as z from "zod";
import { LIFTED } from "../../../json/lift-strings.ts";

/** What is kept as UTF-8 has U+FFFD for a lone surrogate, so that it would not be found as what it was. */
export const ILL_FORMED = "must not have lone surrogates";

/** @param max UTF-16 code units */
export function wellFormedString(max: number) {
  return shortString(max).refine((text) => text.isWellFormed(), {
    error: ILL_FORMED,
    params: { code: "invalid_value" },
  });
}

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
