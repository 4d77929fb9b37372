/** Reads a picture that is part of the request itself: a data URI or base64. */
import { ServiceError } from "../../runtime/errors.ts";
import { decodeBase64Bytes } from "../base64.ts";
import { isDataUri, parseDataUri } from "./data-uri.ts";
import { type ImageFile, imageFile } from "./image-file.ts";

/**
 * @param text in UTF-8; percent escapes of a data URI are overwritten
 * @param param the reference's path in the request, for errors
 * @returns a file that may be a view of `text`
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export function inlineImage(text: Uint8Array<ArrayBuffer>, param: string): ImageFile {
  const bytes = isDataUri(text) ? parseDataUri(text) : decodeBase64Bytes(text);
  if (bytes === undefined) {
    const message = `${param}: not a URL, a well-formed data URI or base64`;
    throw new ServiceError("invalid_image", message, { param });
  }
  return imageFile([bytes], param);
}
