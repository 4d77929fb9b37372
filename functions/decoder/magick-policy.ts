/**
 * What ImageMagick may do here: read seven raster formats from memory. It knows some two hundred more, among them
 * programs (MSL, MVG), documents that fetch others (SVG) and URLs. They are never asked for, since the format is always
 * told; this is the second lock. Policies are matched in order and the last match wins. Paths stay open: the only file
 * system is the codec's own, in memory, and the reader of AVIF and HEIC goes through a temporary file there.
 */
import { MagickFormat } from "@imagemagick/magick-wasm";
import type { ImageFormat } from "./formats/sniff-format.ts";

/** What it reads: all formats but PNG. */
export type MagickReadable = Exclude<ImageFormat, "png">;

/** The readers, by the format that was sniffed. */
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
