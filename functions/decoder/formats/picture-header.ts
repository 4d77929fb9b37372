/** What the headers of all formats have in common. */

/** How the pixels are coded, as far as it decides how much memory decoding takes. Used in messages. */
export type Coding =
  | "baseline JPEG"
  | "progressive JPEG"
  | "PNG"
  | "interlaced PNG"
  | "WebP"
  | "WebP with alpha"
  | "lossless WebP"
  | "animated WebP"
  | "GIF"
  | "BMP"
  | "TIFF"
  | "AVIF"
  | "HEIC"
  | "HEIF of tiles";

export interface PictureHeader {
  /** Pixels, before any rotation. */
  width: number;
  height: number;
  coding: Coding;
  /** Bytes that the codec holds unpacked beside the picture, if the format leaves that to the file. */
  pieceBytes?: number;
  /** EXIF orientation, 1–8, for formats whose EXIF is read by us; undefined: ask the codec. */
  orientation?: number;
}
