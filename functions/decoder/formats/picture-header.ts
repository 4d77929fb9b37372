/** The header fields that all formats have in common. */
import type { Av1Item } from "../av1/av1-item.ts";
import type { Area } from "../preprocess/crop-area.ts";

/** How the pixels are coded, as far as it decides how much memory decoding takes. Used in messages. */
export type Coding =
  | "baseline JPEG"
  | "progressive JPEG"
  | "PNG"
  | "interlaced PNG"
  | "WebP"
  | "WebP with alpha"
  | "lossless WebP"
  | "GIF"
  | "BMP"
  | "TIFF"
  | "bilevel TIFF"
  | "AVIF"
  | "AVIF of an unusual structure"
  | "HEIC"
  | "HEIF of tiles";

/** What the codec reads instead of the whole file: a part of it, with some bytes changed. */
export interface CodecView {
  /** The part, as offsets in the file. */
  start: number;
  end: number;
  /** Bytes that replace the file's while the codec reads, with their offsets in the file. */
  changes: { at: number; bytes: Uint8Array }[];
}

export interface PictureHeader {
  /** Pixels, before any rotation. */
  width: number;
  height: number;
  coding: Coding;
  /**
   * Bytes of one unpacked strip or tile, which the codec holds beside the picture. Only for formats where the file sets
   * its size.
   */
  pieceBytes?: number;
  /** EXIF orientation, 1–8; undefined if the picture is upright. */
  orientation?: number;
  /** Set if the codec must not read the file unchanged. */
  view?: CodecView;
  /** Where the first frame lies on a canvas of `width × height`. Only for formats with canvases. */
  placement?: { left: number; top: number };
  /** The visible part, before rotation, if the codec does not crop it. */
  crop?: Area;
  /** Where an AVIF's single picture is. If set, dav1d reads the file, not ImageMagick. */
  av1?: Av1Item;
  /** True if the codec's colours are already multiplied by alpha. */
  premultiplied?: boolean;
  /** True if the fourth channel that the codec finds is not alpha. */
  opaque?: boolean;
  /** 8-bit mask of the bits of a colour sample that the codec gives inverted. */
  invertedBits?: number;
}
