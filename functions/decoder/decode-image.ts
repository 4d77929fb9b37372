/** Turns one picture file into the model's input. */
import { readAvif } from "./av1/read-avif.ts";
import type { CodecBlock } from "./codec-block.ts";
import { readHeader } from "./formats/read-header.ts";
import { decodeGrid } from "./heif/decode-grid.ts";
import { findGrid } from "./heif/find-grid.ts";
import { nclxChanges } from "./heif/nclx-changes.ts";
import { sniffFormat } from "./formats/sniff-format.ts";
import { unsupportedFormat } from "./formats/unsupported-format.ts";
import { openMagick } from "./magick/magick.ts";
import { decodePng } from "./png/decode-png.ts";
import { asLookedAt } from "./preprocess/as-looked-at.ts";
import type { Picture, PixelArea } from "./preprocess/decoded-picture.ts";
import { resizeAndCrop } from "./preprocess/resize-and-crop.ts";
import { wasmResampler } from "./preprocess/wasm-resampler.ts";
import { readWebp } from "./read-webp.ts";
import { readWithMagick } from "./magick/read-with-magick.ts";

/**
 * @param size side of the square output, pixels
 * @param alive called after each pause; throws when the picture is no longer wanted
 * @returns uint8 RGB, `size × size × 3`: the short side scaled to `size`, then cropped to the centre, transparency on
 * white
 * @throws ServiceError `unsupported_image_format`, `image_too_large`, `invalid_image`
 */
export async function decodeImage(
  file: CodecBlock,
  size: number,
  alive: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = file.view();
  const format = sniffFormat(bytes);
  if (format === undefined) throw unsupportedFormat(bytes);
  if (format === "heic" || format === "avif") {
    file.write(nclxChanges(bytes));
    const grid = findGrid(bytes, format);
    if (grid !== undefined) return await decodeGrid(file, grid, format, size, await openMagick(file), alive);
  }
  if (format === "png") {
    return await decodePng(file, readHeader(bytes, format), size, await openMagick(file), alive);
  }
  const header = readHeader(bytes, format);
  const shrink = (picture: Picture): Uint8Array<ArrayBuffer> => resizeAndCrop(picture, size, wasmResampler);
  const use = (area: PixelArea): Uint8Array<ArrayBuffer> => shrink(asLookedAt(area, header));
  if (header.av1 !== undefined) return readAvif(file, header, header.av1, use);
  if (format === "webp") return await readWebp(file, header, use);
  await openMagick(file);
  return readWithMagick(file, format, header, size, shrink);
}
