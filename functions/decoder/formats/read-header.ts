/**
 * Reads a file's header before anything is decoded. A PNG of 20 kB may claim 400 megapixels, and a codec would believe
 * it. Each format's reader looks only at the few bytes that it needs.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { readBmpHeader } from "./read-bmp-header.ts";
import { readGifHeader } from "./read-gif-header.ts";
import { readHeifHeader } from "../heif/read-heif-header.ts";
import { readJpegHeader } from "./read-jpeg-header.ts";
import { checkSize } from "./pixel-limits.ts";
import type { PictureHeader } from "./picture-header.ts";
import { type PngHeader, readPngHeader } from "./read-png-header.ts";
import { readTiffHeader } from "./read-tiff-header.ts";
import { readWebpHeader } from "./read-webp-header.ts";
import type { ImageFormat } from "./sniff-format.ts";

/** Type of each format's header; PNG's has additional fields for its decoder. */
type HeaderOf<F extends ImageFormat> = F extends "png" ? PngHeader : PictureHeader;

const READERS: { [F in ImageFormat]: (file: DataView) => HeaderOf<F> | undefined } = {
  jpeg: readJpegHeader,
  png: readPngHeader,
  webp: readWebpHeader,
  gif: readGifHeader,
  bmp: readBmpHeader,
  tiff: readTiffHeader,
  avif: (file) => readHeifHeader(file, "AVIF"),
  heic: (file) => readHeifHeader(file, "HEIC"),
};

/** @throws ServiceError `invalid_image`; `image_too_large` if the picture is above its format's limit */
export function readHeader<F extends ImageFormat>(bytes: Uint8Array, format: F): HeaderOf<F> {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = inBounds(() => READERS[format](file));
  if (header === undefined || header.width === 0 || header.height === 0) {
    throw new ServiceError("invalid_image", `the ${format.toUpperCase()}'s header is damaged`);
  }
  checkSize(header, bytes.length);
  return header;
}

/**
 * Runs a reader and gives undefined if it reads beyond the file's end: DataView then throws, and the file is damaged.
 * So readers need not check every offset.
 */
export function inBounds<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
