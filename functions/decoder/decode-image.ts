/** One picture file → what the model sees of it. */
import { ServiceError } from "../runtime/errors.ts";
import { readHeader } from "./formats/read-header.ts";
import { checkPixels } from "./formats/pixel-limits.ts";
import { sniffFormat } from "./formats/sniff-format.ts";
import { withPicture } from "./magick.ts";
import { planResize } from "./preprocess/plan-resize.ts";
import { resizeAndCrop } from "./preprocess/resize-and-crop.ts";

/**
 * @param size side of the square output, pixels
 * @returns uint8 RGB, `size × size × 3`: short side scaled to `size`, centre cropped, transparency on white
 * @throws ServiceError `unsupported_image_format`, `image_too_large`, `invalid_image`
 */
export async function decodeImage(bytes: Uint8Array, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const format = sniffFormat(bytes);
  if (format === undefined) {
    const message = "not a picture in a supported format (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC)";
    throw new ServiceError("unsupported_image_format", message);
  }
  const header = readHeader(bytes, format);
  if (header !== undefined) checkPixels(format, header);
  return await withPicture(bytes, format, header, size, (picture) =>
    resizeAndCrop(picture, planResize(picture.width, picture.height, size)),
  );
}
