/** How many pixels a picture may have, by how much memory its format's decoder takes for each. */
import { ServiceError } from "../../runtime/errors.ts";
import type { PictureHeader } from "./read-header.ts";
import type { ImageFormat } from "./sniff-format.ts";

/** Pixels. A baseline JPEG is decoded at a fraction of its size; a progressive one keeps all coefficients. */
export const MAX_PIXELS_BASELINE_JPEG = 48_000_000;
export const MAX_PIXELS_PROGRESSIVE_JPEG = 16_000_000;
export const MAX_PIXELS_OTHER = 12_200_000;
/** Longer sides are no picture, and filters' tables grow with them. */
export const MAX_SIDE = 16_384;

/** @throws ServiceError `image_too_large` with the figures */
export function checkPixels(format: ImageFormat, { width, height, progressive }: PictureHeader): void {
  const limit =
    format !== "jpeg"
      ? MAX_PIXELS_OTHER
      : progressive
        ? MAX_PIXELS_PROGRESSIVE_JPEG
        : MAX_PIXELS_BASELINE_JPEG;
  if (width * height <= limit && Math.max(width, height) <= MAX_SIDE) return;
  const kind = progressive ? "progressive JPEG" : format.toUpperCase();
  const allowed = `the limit for ${kind} is ${limit / 1e6} megapixels and ${MAX_SIDE} pixels a side`;
  throw new ServiceError("image_too_large", `the picture has ${width} × ${height} pixels; ${allowed}`);
}
