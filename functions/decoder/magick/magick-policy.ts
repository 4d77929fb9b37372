/**
 * ImageMagick's security policy: it may read seven raster formats from memory and nothing else. It knows some two
 * hundred other formats, among them programs (MSL, MVG), documents that load others (SVG) and URLs. This code always
 * names the format, so they are never used; the policy is a second barrier. Policies are matched in order and the last
 * match wins. Paths are allowed, because the only file system is the codec's own, in memory, and the reader of AVIF and
 * HEIC needs a temporary file there.
 */
import { MagickFormat } from "@imagemagick/magick-wasm";
import type { ImageFormat } from "../formats/sniff-format.ts";

/** The formats that ImageMagick may read: all but PNG. */
export type MagickReadable = Exclude<ImageFormat, "png">;

/** ImageMagick's reader for each format. */
export const MAGICK_FORMATS: Record<MagickReadable, MagickFormat> = {
  jpeg: MagickFormat.Jpeg,
  webp: MagickFormat.WebP,
  gif: MagickFormat.Gif,
  bmp: MagickFormat.Bmp,
  tiff: MagickFormat.Tiff,
  avif: MagickFormat.Avif,
  heic: MagickFormat.Heic,
};

const NOTHING = ["delegate", "filter", "coder"].map(
  (domain) => `<policy domain="${domain}" rights="none" pattern="*"/>`,
);
const READERS = Object.values(MAGICK_FORMATS).map(
  (format) => `<policy domain="coder" rights="read" pattern="${format}"/>`,
);
/** Content of ImageMagick's `policy.xml`. */
export const MAGICK_POLICY = `<policymap>${NOTHING.join("")}${READERS.join("")}</policymap>`;
