/** A text, label or prompt: not empty once cleaned, not longer than the limit. */
import * as z from "zod";
import { cleanText } from "../../runtime/tokenizer/clean-text.ts";
import { LIFTED } from "../http/lift-strings.ts";
import { MAX_TEXT_LENGTH } from "../limits.ts";

export const textSchema = z
  .string()
  .refine((text) => !text.startsWith(LIFTED), {
    error: `at most ${MAX_TEXT_LENGTH} characters`,
    params: { code: "too_long" },
    abort: true,
  })
  .max(MAX_TEXT_LENGTH, `at most ${MAX_TEXT_LENGTH} characters`)
  .refine((text) => cleanText(text) !== "", { error: "must not be empty", params: { code: "empty_input" } });
