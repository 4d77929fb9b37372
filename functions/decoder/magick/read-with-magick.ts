/** Reads a picture file with ImageMagick and gives its pixels in the codec's memory, upright and in RGB. */
import {
  ColorSpace,
  type IMagickImage,
  type IPixelCollection,
  MagickError,
  MagickFormat,
  MagickImage,
  MagickReadSettings,
} from "@imagemagick/magick-wasm";
import { ServiceError } from "../../runtime/errors.ts";
import type { CodecBlock } from "../codec-block.ts";
import { hasAllScans } from "../formats/read-jpeg-header.ts";
import { jpegScale } from "../formats/jpeg-scale.ts";
import type { PictureHeader } from "../formats/picture-header.ts";
import { OutOfMemory } from "../formats/pixel-limits.ts";
import { unsupported } from "../formats/unsupported-format.ts";
import { recoverMagick } from "./magick.ts";
import { MAGICK_FORMATS, type MagickReadable } from "./magick-policy.ts";
import { takeRefusal } from "../codec-memory.ts";
import type { Picture, PixelArea } from "../preprocess/decoded-picture.ts";
import { addWhite } from "../preprocess/composite-on-white.ts";
import { asLookedAt } from "../preprocess/as-looked-at.ts";

/**
 * Colour spaces whose values are used unchanged. Gamma chunks make ImageMagick call some pictures "linear"; the
 * reference ignores that.
 */
const SHOWN_AS_THEY_ARE = new Set<ColorSpace>([
  ColorSpace.sRGB,
  ColorSpace.Gray,
  ColorSpace.RGB,
  ColorSpace.scRGB,
  ColorSpace.LinearGray,
]);
/**
 * libjpeg's warnings for a file without an end marker, and for one whose pixels end early. It fills missing pixels with
 * gray.
 */
const NO_END = /premature end of jpeg/i;
const NO_PIXELS = /premature end of data segment/i;
/** The codec's messages for a sound file that it cannot decode. */
const LACKING = /support is not configured|unsupported jpeg (process|data precision)|compression scheme \d+/i;

/**
 * @param size side of the model's input, pixels; decides how small a JPEG may be decoded
 * @param use gets the picture, which is valid only during the call
 * @throws ServiceError `invalid_image` for bytes that the codec refuses, `unsupported_image_format`, `image_too_large`
 */
export function readWithMagick<T>(
  file: CodecBlock,
  format: MagickReadable,
  header: PictureHeader,
  size: number,
  use: (picture: Picture) => T,
): T {
  // Ask for a frame index, not a frame count: with a count, the package reads one frame more.
  const settings = new MagickReadSettings({ format: MAGICK_FORMATS[format], frameIndex: 0 });
  const scaled = format === "jpeg" ? jpegScale(header, size) : undefined;
  if (scaled !== undefined) settings.setDefine(MagickFormat.Jpeg, "size", `${scaled.width}x${scaled.height}`);
  // Ignore a wrong file size in the file header; missing pixels are still an error.
  settings.setDefine(MagickFormat.Bmp, "ignore-filesize", true);
  const name = format.toUpperCase();
  const image = MagickImage.create();
  takeRefusal();
  try {
    const warnings: string[] = [];
    image.onWarning = ({ error }) => {
      for (const { message } of [error, ...error.relatedErrors]) warnings.push(message);
    };
    file.readBy(header.view, (placeholder) => image.read(placeholder, settings));
    if (isCut(warnings, file)) throw new ServiceError("invalid_image", `the ${name} is cut short`);
    if (!SHOWN_AS_THEY_ARE.has(image.colorSpace)) image.colorSpace = ColorSpace.sRGB;
    const result = image.getPixels((pixels) => use(asLookedAt(pixelArea(image, pixels, header), header)));
    image.dispose();
    return result;
  } catch (cause) {
    const refused = takeRefusal();
    // A trapped instance cannot free its image.
    if (cause instanceof ServiceError || cause instanceof MagickError) image.dispose();
    if (cause instanceof ServiceError) throw cause;
    recoverMagick(cause);
    if (refused)
      throw new OutOfMemory(
        `${format === "avif" ? "an" : "a"} ${name} of ${header.width} × ${header.height} pixels`,
      );
    if (cause instanceof MagickError && LACKING.test(cause.message)) {
      throw unsupported(`the ${name} uses a coding that the decoder does not support`, cause);
    }
    throw new ServiceError("invalid_image", `the ${name} cannot be decoded`, { cause });
  }
}

/** True if some of a JPEG's pixels are missing. A missing end marker alone is accepted. */
function isCut(warnings: readonly string[], file: CodecBlock): boolean {
  // The end marker proves nothing: programs that repair a cut file add it.
  if (warnings.some((warning) => NO_PIXELS.test(warning))) return true;
  if (!warnings.some((warning) => NO_END.test(warning))) return false;
  const { buffer, byteOffset, byteLength } = file.view();
  return !hasAllScans(new DataView(buffer, byteOffset, byteLength));
}

/**
 * Reads rectangles as RGBA or RGB, copied out of the codec's memory. Colours already multiplied by alpha are composited
 * on white, as RGB.
 */
function pixelArea(
  { width, height, hasAlpha }: IMagickImage,
  pixels: IPixelCollection,
  { opaque, premultiplied, invertedBits = 0 }: PictureHeader,
): PixelArea {
  const stored = hasAlpha && opaque !== true ? 4 : 3;
  const onWhite = stored === 4 && premultiplied === true;
  const mapping = stored === 4 ? "RGBA" : "RGB";
  return {
    width,
    height,
    channels: onWhite ? 3 : stored,
    readArea(left, top, areaWidth, areaHeight) {
      const bytes = pixels.toByteArray(left, top, areaWidth, areaHeight, mapping);
      if (bytes === null) throw new ServiceError("invalid_image", "the picture's pixels cannot be read");
      if (invertedBits !== 0) invert(bytes, stored, invertedBits);
      return onWhite ? addWhite(bytes) : bytes;
    },
  };
}

/** Inverts some bits of the colours, in place; alpha stays unchanged. */
function invert(pixels: Uint8Array, channels: 3 | 4, bits: number): void {
  for (let i = 0; i < pixels.length; i++) {
    if (channels === 3 || i % 4 !== 3) pixels[i] = (pixels[i] ?? 0) ^ bits;
  }
}
