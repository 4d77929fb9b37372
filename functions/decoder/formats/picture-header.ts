/** What the headers of all formats have in common. */
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

/** What the codec reads in place of the file: a part of it, with some bytes changed. */
export interface CodecView {
  /** Offsets of the part in the file. */
  start: number;
  end: number;
  /** Put over the file's bytes, at offsets in the file, while the codec reads. */
  changes: { at: number; bytes: Uint8Array }[];
}

export interface PictureHeader {
  /** Pixels, before any rotation. */
  width: number;
  height: number;
  coding: Coding;
  /** Bytes that the codec holds unpacked beside the picture, if the format leaves that to the file. */
  pieceBytes?: number;
  /** EXIF orientation, 1–8; undefined: the picture is upright. */
  orientation?: number;
  /** If it is not to read the file as it is. */
  view?: CodecView;
  /** Where the first frame lies on a canvas of `width × height`, for formats with canvases. */
  placement?: { left: number; top: number };
  /** What is shown of it, before it is turned, if the codec does not see to that. */
  crop?: Area;
  /** Where an AVIF's one picture is: dav1d reads it, not ImageMagick. */
  av1?: Av1Item;
  /** Whether alpha is in the colours that the codec gives already. */
  premultiplied?: boolean;
  /** Whether the fourth channel that the codec finds is none. */
  opaque?: boolean;
  /** The bits of a colour sample that the codec gives inverted, as a mask of 8 bits. */
  invertedBits?: number;
}
