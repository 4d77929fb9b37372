/** A text, label or prompt: not empty once cleaned, not longer than the limit. */
import { cleanText } from "../../runtime/tokenizer/clean-text.ts";
import { MAX_TEXT_LENGTH } from "../limits.ts";
import { shortString } from "./short-string.ts";

export const textSchema = shortString(MAX_TEXT_LENGTH).refine((text) => cleanText(text) !== "", {
  error: "must not be empty",
  params: { code: "empty_input" },
});
