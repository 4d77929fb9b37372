/**
 * What a file says of itself before anything is decoded: a PNG of 20 kB may claim 400 megapixels, and a codec would
 * believe it. Each format's reader looks at the few bytes it needs and at nothing else.
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

/** Each format's header; PNG's has what its decoder needs besides. */
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

/** @throws ServiceError `invalid_image`, and `image_too_large` if it is larger than its format may be */
export function readHeader<F extends ImageFormat>(bytes: Uint8Array, format: F): HeaderOf<F> {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = inBounds(() => READERS[format](file));
  if (header === undefined || header.width === 0 || header.height === 0) {
    throw new ServiceError("invalid_image", `the ${format.toUpperCase()}'s header is damaged`);
  }
  checkSize(header, bytes.length);
  return header;
}

/** A reader need not check every offset: DataView throws beyond the file's end, which means that it is damaged. */
export function inBounds<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
