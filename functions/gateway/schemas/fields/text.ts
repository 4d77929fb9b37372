/** A text, label or prompt: not empty after cleaning, not too long, and not a picture. */
import * as z from "zod";
import { isPictureUri } from "../../../json/lift-strings.ts";
import { cleanText } from "../../../runtime/tokenizer/clean-text.ts";
import { MAX_TEXT_LENGTH } from "../../limits.ts";
import { shortString } from "./short-string.ts";

/**
 * A text that keeps a letter or digit whatever cleaning does: all that cleaning removes (character references, terminal
 * escape sequences) begins with one of the two excluded characters.
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
