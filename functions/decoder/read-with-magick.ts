/** A picture file → its pixels in the codec's memory, upright and in RGB. */
import {
  ColorSpace,
  type IMagickImage,
  type IPixelCollection,
  MagickError,
  MagickFormat,
  MagickImage,
  MagickReadSettings,
} from "@imagemagick/magick-wasm";
import { ServiceError } from "../runtime/errors.ts";
import type { CodecBlock } from "./codec-block.ts";
import { jpegScale } from "./formats/jpeg-scale.ts";
import type { PictureHeader } from "./formats/picture-header.ts";
import { OutOfMemory } from "./formats/pixel-limits.ts";
import { recoverMagick } from "./magick.ts";
import { MAGICK_FORMATS, type MagickReadable } from "./magick-policy.ts";
import { takeRefusal } from "./codec-memory.ts";
import type { Picture, PixelArea } from "./preprocess/picture.ts";
import { placeOnCanvas } from "./preprocess/place-on-canvas.ts";
import { upright } from "./preprocess/upright.ts";

/** Values that are shown as they are. Gamma chunks make "linear" of some, which the reference ignores. */
const SHOWN_AS_THEY_ARE = new Set<ColorSpace>([
  ColorSpace.sRGB,
  ColorSpace.Gray,
  ColorSpace.RGB,
  ColorSpace.scRGB,
  ColorSpace.LinearGray,
]);
/** What libjpeg says of a file that ends early. It then makes up the rest in gray; the reference refuses. */
const CUT = /premature end of jpeg/i;

/**
 * @param size side of the model's input, pixels, to know how small a JPEG may be decoded
 * @param use gets the picture; its rows can be had only inside
 * @throws ServiceError `invalid_image` for bytes that the codec refuses, `image_too_large`
 */
export function readWithMagick<T>(
  file: CodecBlock,
  format: MagickReadable,
  header: PictureHeader,
  size: number,
  use: (picture: Picture) => T,
): T {
  // One frame: given a count, the package asks for that many and the next.
  const settings = new MagickReadSettings({ format: MAGICK_FORMATS[format], frameIndex: 0 });
  const scaled = format === "jpeg" ? jpegScale(header, size) : undefined;
  if (scaled !== undefined) settings.setDefine(MagickFormat.Jpeg, "size", `${scaled.width}x${scaled.height}`);
  const name = format.toUpperCase();
  const image = MagickImage.create();
  takeRefusal();
  try {
    let cut = false;
    image.onWarning = ({ error }) => {
      cut ||= CUT.test(error.message);
    };
    file.readBy((placeholder) => image.read(placeholder, settings));
    if (cut) throw new ServiceError("invalid_image", `the ${name} is cut short`);
    if (!SHOWN_AS_THEY_ARE.has(image.colorSpace)) image.colorSpace = ColorSpace.sRGB;
    const result = image.getPixels((pixels) => use(arrange(image, pixels, format, header)));
    image.dispose();
    return result;
  } catch (cause) {
    const refused = takeRefusal();
    // A trapped instance cannot be asked to tidy up.
    if (cause instanceof ServiceError || cause instanceof MagickError) image.dispose();
    if (cause instanceof ServiceError) throw cause;
    recoverMagick(cause);
    if (refused) throw new OutOfMemory(`a ${name} of ${header.width} × ${header.height} pixels`);
    throw new ServiceError("invalid_image", `the ${name} cannot be decoded`, { cause });
  }
}

/** The picture as it is looked at: on its canvas, the right way up. */
function arrange(
  image: IMagickImage,
  pixels: IPixelCollection,
  format: MagickReadable,
  header: PictureHeader,
): Picture {
  const area = pixelArea(image, pixels);
  // AVIF and HEIC have a rotation of their own: the codec applies it, and reports the picture as upright.
  const picture = upright(area, header.orientation ?? image.orientation);
  if (format !== "gif") return picture;
  const { x: left, y: top } = image.page;
  return placeOnCanvas(picture, { width: header.width, height: header.height, left, top });
}

/** Rectangles as RGBA or RGB, copied out of the codec's memory. */
function pixelArea({ width, height, hasAlpha }: IMagickImage, pixels: IPixelCollection): PixelArea {
  const mapping = hasAlpha ? "RGBA" : "RGB";
  return {
    width,
    height,
    channels: hasAlpha ? 4 : 3,
    readArea(left, top, areaWidth, areaHeight) {
      const bytes = pixels.toByteArray(left, top, areaWidth, areaHeight, mapping);
      if (bytes === null) throw new ServiceError("invalid_image", "the picture's pixels cannot be read");
      return bytes;
    },
  };
}
