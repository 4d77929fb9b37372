/**
 * ImageMagick as the one codec: it reads every format the API promises, decodes JPEG at a fraction of its size and
 * is maintained; measured against photon, jSquash and sharp's WASM build it takes the least memory for a phone
 * photo. It also reads formats that are programs, so the format is never its guess: it is told, from a fixed list.
 */
import {
  ColorSpace,
  ImageMagick,
  initializeImageMagick,
  type IMagickImage,
  MagickFormat,
  MagickImageInfo,
  MagickReadSettings,
  Orientation,
  ResourceLimits,
} from "@imagemagick/magick-wasm";
// By path: wrangler looks for modules as files and does not read the package's export map.
import magickWasm from "../../node_modules/@imagemagick/magick-wasm/dist/x86/magick.wasm";
import { ServiceError } from "../runtime/errors.ts";
import { checkPixels, MAX_SIDE } from "./formats/pixel-limits.ts";
import type { PictureHeader } from "./formats/read-header.ts";
import type { ImageFormat } from "./formats/sniff-format.ts";
import type { Picture } from "./preprocess/resize-and-crop.ts";

const FORMATS: Record<ImageFormat, MagickFormat> = {
  jpeg: MagickFormat.Jpeg,
  png: MagickFormat.Png,
  webp: MagickFormat.WebP,
  gif: MagickFormat.Gif,
  bmp: MagickFormat.Bmp,
  tiff: MagickFormat.Tiff,
  avif: MagickFormat.Avif,
  heic: MagickFormat.Heic,
};

/** Formats whose decoder turns the picture upright itself; what EXIF says is then already done. */
const UPRIGHT_BY_DECODER = new Set<ImageFormat>(["avif", "heic"]);
/** A JPEG is decoded smaller only while it stays this many times larger than the target. */
const MIN_OVERSAMPLING = 2;
const MAX_PIXEL_CACHE_BYTES = 100_000_000n;
/** One is read; the codec counts those it is about to read, too. */
const MAX_FRAMES = 4n;

/** Settled once per isolate. Not a promise that requests share: whoever finds it false initializes, too. */
let initialized = false;

async function initialize(): Promise<void> {
  if (initialized) return;
  await initializeImageMagick(magickWasm);
  ResourceLimits.width = BigInt(MAX_SIDE);
  ResourceLimits.height = BigInt(MAX_SIDE);
  ResourceLimits.memory = MAX_PIXEL_CACHE_BYTES;
  ResourceLimits.disk = 0n;
  ResourceLimits.listLength = MAX_FRAMES;
  initialized = true;
}

/** Size of the codec's WASM memory, bytes; 0 before the first picture. The package's types leave its module out. */
export function codecMemoryBytes(): number {
  if (!initialized) return 0;
  const { _api } = ImageMagick as unknown as { _api: { HEAPU8: Uint8Array } };
  return _api.HEAPU8.buffer.byteLength;
}

/**
 * Decodes a picture, upright and in sRGB, and passes it on while it is in the codec's memory.
 * @param header if the format's header is read by us
 * @param size side of the model's input, to know how small a JPEG may be decoded
 * @throws ServiceError `invalid_image` for bytes that the codec refuses, `image_too_large`
 */
export async function withPicture<T>(
  bytes: Uint8Array,
  format: ImageFormat,
  header: PictureHeader | undefined,
  size: number,
  use: (picture: Picture) => T,
): Promise<T> {
  await initialize();
  const settings = new MagickReadSettings({ format: FORMATS[format], frameIndex: 0, frameCount: 1 });
  if (format === "jpeg" && header !== undefined) {
    const scaled = scaledSize(header, size);
    settings.setDefine(MagickFormat.Jpeg, "size", `${scaled.width}x${scaled.height}`);
  }
  try {
    if (header === undefined) {
      const { width, height } = MagickImageInfo.create(bytes, settings);
      checkPixels(format, { width, height, progressive: false });
    }
    return ImageMagick.read(bytes, settings, (image) => {
      if (image.colorSpace === ColorSpace.CMYK) image.colorSpace = ColorSpace.sRGB;
      if (UPRIGHT_BY_DECODER.has(format)) image.orientation = Orientation.TopLeft;
      image.autoOrient();
      return use(pictureOf(image));
    });
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError("invalid_image", `the ${format.toUpperCase()} cannot be decoded`, { cause });
  }
}

function scaledSize({ width, height }: PictureHeader, size: number): { width: number; height: number } {
  const factor = Math.min(1, (MIN_OVERSAMPLING * size) / Math.min(width, height));
  return { width: Math.ceil(width * factor), height: Math.ceil(height * factor) };
}

/** Rows as RGBA or RGB, copied out of the codec's memory a strip at a time. */
function pictureOf(image: IMagickImage): Picture {
  const { width, height, hasAlpha } = image;
  const channels = hasAlpha ? 4 : 3;
  return {
    width,
    height,
    channels,
    readRows: (start, count) =>
      image.getPixels((pixels) => {
        const rows = pixels.toByteArray(0, start, width, count, hasAlpha ? "RGBA" : "RGB");
        if (rows === null) throw new ServiceError("invalid_image", "the picture's pixels cannot be read");
        return rows;
      }),
  };
}
