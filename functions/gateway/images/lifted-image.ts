/** Reads a picture that was lifted out of the request's JSON: base64 or a data URI, as bytes. */
import { LIFTED } from "../../json/lift-strings.ts";
import { decodeBase64Bytes } from "../base64.ts";
import { type ImageFile, imageFile } from "./image-file.ts";
import { inlineImage } from "./inline-image.ts";

/** Upper limit for the media type and `;base64` of a data URI, bytes. */
const MAX_HEADER = 256;
/** White space in ASCII has this code or a lower one. */
const SPACE = 0x20;
const BASE64_URI = /^data:[^,]*;\s*base64,/i;

/**
 * @param strings the strings that were lifted out
 * @returns undefined for a reference that was not lifted
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export function liftedImage(
  reference: string,
  strings: readonly Uint8Array<ArrayBuffer>[],
  param: string,
): ImageFile | undefined {
  if (!reference.startsWith(LIFTED)) return undefined;
  const lifted = strings[Number.parseInt(reference.slice(LIFTED.length), 10)];
  if (lifted === undefined) return undefined;
  const string = lifted.subarray(lifted.findIndex((byte) => byte > SPACE));
  const start = new TextDecoder("latin1").decode(string.subarray(0, MAX_HEADER));
  const [header = ""] = BASE64_URI.exec(start) ?? [];
  const isPercentEncoded = header === "" && /^data:/i.test(start);
  const bytes = isPercentEncoded ? undefined : decodeBase64Bytes(string.subarray(header.length));
  // Handle anything unusual, such as escapes in the base64, in the same way as short strings.
  return bytes === undefined
    ? inlineImage(new TextDecoder().decode(string), param)
    : imageFile([bytes], param);
}
