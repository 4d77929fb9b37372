/** One picture file → what the model sees of it. */
import type { CodecBlock } from "./codec-block.ts";
import { readHeader } from "./formats/read-header.ts";
import { decodeGrid } from "./heif/decode-grid.ts";
import { findGrid } from "./heif/find-grid.ts";
import { sniffFormat } from "./formats/sniff-format.ts";
import { unsupportedFormat } from "./formats/unsupported-format.ts";
import type { MagickApi } from "./magick.ts";
import { decodePng } from "./png/decode-png.ts";
import { resizeAndCrop } from "./preprocess/resize-and-crop.ts";
import { scalarResampler } from "./preprocess/scalar-resampler.ts";
import { wasmResampler } from "./preprocess/wasm-resampler.ts";
import { readWithMagick } from "./read-with-magick.ts";

/**
 * @param size side of the square output, pixels
 * @param alive called after each pause; throws when the picture is no longer wanted
 * @returns uint8 RGB, `size × size × 3`: short side scaled to `size`, centre cropped, transparency on white
 * @throws ServiceError `unsupported_image_format`, `image_too_large`, `invalid_image`
 */
export async function decodeImage(
  file: CodecBlock,
  size: number,
  magick: MagickApi,
  alive: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = file.view();
  const format = sniffFormat(bytes);
  if (format === undefined) throw unsupportedFormat(bytes);
  if (format === "png") return await decodePng(file, readHeader(bytes, format), size, magick, alive);
  if (format === "heic" || format === "avif") {
    const grid = findGrid(bytes, format);
    if (grid !== undefined) return decodeGrid(file, grid, format, size, magick);
  }
  const header = readHeader(bytes, format);
  // A WebP of 12 megapixels fills the codec's memory to its ceiling: with the kernels beside it, an isolate was seen at
  // 117 to 125 MB, without them at 111 to 114.
  const resampler = format === "webp" ? scalarResampler : wasmResampler;
  return readWithMagick(file, format, header, size, (picture) => resizeAndCrop(picture, size, resampler));
}
