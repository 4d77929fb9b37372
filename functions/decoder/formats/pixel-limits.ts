/**
 * The largest picture of each coding, set by the memory that decoding takes. Each limit was measured to fit below the
 * maximum of the codecs' memory, with room for the file.
 */
import { ServiceError } from "../../runtime/errors.ts";
import type { Coding, PictureHeader } from "./picture-header.ts";

/** Bytes. */
export const MAX_FILE_BYTES = 20_000_000;
/** The codec keeps a second copy of a HEIF file, in JavaScript's memory. */
export const MAX_HEIF_FILE_BYTES = 6_000_000;
/** Pixels. The codec decodes a baseline JPEG at reduced size; for a progressive one it keeps all coefficients. */
const MAX_PIXELS_BASELINE_JPEG = 48_000_000;
const MAX_PIXELS_PROGRESSIVE_JPEG = 16_000_000;
/** A PNG is read row by row, so time is the limit, not memory. */
const MAX_PIXELS_PNG = 25_000_000;
/** A phone's 12 megapixels are 4032 × 3024. */
const MAX_PIXELS_OTHER = 12_200_000;
/** A pixel has one bit in the file and four bytes in memory. */
const MAX_PIXELS_BILEVEL_TIFF = 16_000_000;
/** dav1d holds only the picture's planes, and they fit even with 12 bits a sample and alpha. */
export const MAX_PIXELS_AVIF = MAX_PIXELS_OTHER;
/**
 * For AVIF in ImageMagick's reader. libaom's records of blocks take more memory than the pixels: about 20 bytes a pixel
 * in all.
 */
const MAX_PIXELS_AVIF_BY_MAGICK = 4_000_000;
/** The decoder builds the picture in a buffer of its own and then copies it. */
const MAX_PIXELS_HEIC = 6_000_000;
/** Bytes of a pixel in the codec's picture, at most: red, green, blue and alpha. */
const PIXEL_BYTES = 4;
/** Limit for a picture with the unpacked piece beside it. The rest of the memory is for the codec and the file. */
const MAX_DECODED_BYTES = 70_000_000;
/** A longer side is no real picture, and the filters' tables grow with it. */
export const MAX_SIDE = 16_384;

const MAX_PIXELS: Record<Coding, number> = {
  "baseline JPEG": MAX_PIXELS_BASELINE_JPEG,
  "progressive JPEG": MAX_PIXELS_PROGRESSIVE_JPEG,
  PNG: MAX_PIXELS_PNG,
  "interlaced PNG": MAX_PIXELS_OTHER,
  WebP: MAX_PIXELS_OTHER,
  "WebP with alpha": MAX_PIXELS_OTHER,
  "lossless WebP": MAX_PIXELS_OTHER,
  GIF: MAX_PIXELS_OTHER,
  BMP: MAX_PIXELS_OTHER,
  TIFF: MAX_PIXELS_OTHER,
  "bilevel TIFF": MAX_PIXELS_BILEVEL_TIFF,
  AVIF: MAX_PIXELS_AVIF,
  "AVIF of an unusual structure": MAX_PIXELS_AVIF_BY_MAGICK,
  HEIC: MAX_PIXELS_HEIC,
  // Only a row of tiles is in memory at a time.
  "HEIF of tiles": MAX_PIXELS_PNG,
};

/**
 * @param fileBytes length of the picture's file
 * @throws ServiceError `image_too_large` with the figures
 */
export function checkSize({ width, height, coding, pieceBytes }: PictureHeader, fileBytes: number): void {
  const limit = MAX_PIXELS[coding];
  if (width * height > limit || Math.max(width, height) > MAX_SIDE) {
    const allowed = `the limit for ${coding} is ${limit / 1e6} megapixels and ${MAX_SIDE} pixels a side`;
    throw new ServiceError("image_too_large", `the picture has ${width} × ${height} pixels; ${allowed}`);
  }
  const decodedBytes = (pieceBytes ?? 0) + width * height * PIXEL_BYTES;
  if (coding === "TIFF" && decodedBytes > MAX_DECODED_BYTES) {
    throw new OutOfMemory(`a ${coding} of ${width} × ${height} pixels in so few strips or tiles`);
  }
  const isHeif = coding === "AVIF of an unusual structure" || coding === "HEIC";
  if (isHeif && fileBytes > MAX_HEIF_FILE_BYTES) throw fileTooLarge(coding, fileBytes, MAX_HEIF_FILE_BYTES);
}

/** @param what the part that is too large, in words */
export function fileTooLarge(what: string, bytes: number, limit: number): ServiceError {
  return new ServiceError("image_too_large", `the ${what} has ${bytes} bytes; the limit is ${limit}`);
}

/** The codec's memory had no room for a picture. The refusal is final only if the codec was new. */
export class OutOfMemory extends ServiceError {
  /** @param what the picture that was to be decoded, with its figures */
  constructor(what: string) {
    const advice = "send it smaller, or as baseline JPEG";
    super("image_too_large", `${what} needs more memory to decode than is available; ${advice}`);
  }
}
