/** A text, label or prompt: not empty once cleaned, not longer than the limit, and no picture. */
import * as z from "zod";
import { isPictureUri } from "../body/lift-strings.ts";
import { cleanText } from "../../runtime/tokenizer/clean-text.ts";
import { MAX_TEXT_LENGTH } from "../limits.ts";
import { shortString } from "./short-string.ts";

/**
 * Whatever cleaning does, this text keeps a letter or digit: what goes, as a character reference or as a terminal's
 * escape sequence, begins with one of the two.
 */
// oxlint-disable-next-line no-control-regex -- terminal escapes begin with it
const CERTAINLY_NOT_EMPTY = /^[^&\u001b]*[A-Za-z0-9]/;

const noPicture = z.string().refine((text) => !isPictureUri(text), {
  error: 'a picture where a text is meant: pictures are sent as {"image": "data:image/…"}',
  params: { code: "invalid_value" },
  abort: true,
});

export const textSchema = shortString(MAX_TEXT_LENGTH, noPicture).refine(
  (text) => CERTAINLY_NOT_EMPTY.test(text) || cleanText(text) !== "",
  { error: "must not be empty", params: { code: "empty_input" } },
);
