/** An image reference → the file's bytes. What the bytes are is found out later, by the decoder, from the bytes. */
import { ServiceError } from "../../runtime/errors.ts";
import { MAX_IMAGE_BYTES } from "../limits.ts";
import type { ImageReference } from "../schemas/image.ts";
import { decodeBase64 } from "./base64.ts";
import { parseDataUri } from "./data-uri.ts";

/**
 * @param param the reference's path in the request, for errors
 * @throws ServiceError `invalid_image`, `image_too_large`, `image_url_forbidden`
 */
export async function imageBytes(image: ImageReference, param: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes =
    typeof image === "string" ? fromString(image, param) : new Uint8Array(await image.arrayBuffer());
  if (bytes.byteLength === 0)
    throw new ServiceError("invalid_image", `${param}: the image is empty`, { param });
  if (bytes.byteLength > MAX_IMAGE_BYTES) {
    const message = `${param}: the image has ${bytes.byteLength} bytes, the limit is ${MAX_IMAGE_BYTES}`;
    throw new ServiceError("image_too_large", message, { param });
  }
  return bytes;
}

function fromString(text: string, param: string): Uint8Array<ArrayBuffer> {
  if (/^https?:/i.test(text)) {
    const message = `${param}: this deployment does not fetch images; send the image itself`;
    throw new ServiceError("image_url_forbidden", message, { param });
  }
  const bytes = /^data:/i.test(text) ? parseDataUri(text) : decodeBase64(text);
  if (bytes === undefined) {
    const message = `${param}: neither a URL, nor a well-formed data URI, nor base64`;
    throw new ServiceError("invalid_image", message, { param });
  }
  return bytes;
}
