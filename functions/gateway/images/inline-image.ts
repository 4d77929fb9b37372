/** Reads a picture that is part of the request itself: a data URI or base64. */
import { ServiceError } from "../../runtime/errors.ts";
import { decodeBase64 } from "../base64.ts";
import { parseDataUri } from "./data-uri.ts";
import { type ImageFile, imageFile } from "./image-file.ts";

/**
 * @param param the reference's path in the request, for errors
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export function inlineImage(text: string, param: string): ImageFile {
  const bytes = /^data:/i.test(text) ? parseDataUri(text) : decodeBase64(text);
  if (bytes === undefined) {
    const message = `${param}: not a URL, a well-formed data URI or base64`;
    throw new ServiceError("invalid_image", message, { param });
  }
  return imageFile([bytes], param);
}
