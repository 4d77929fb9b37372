/**
 * Dimensions from the header of the two formats that most pictures come in, before anything is decoded: a PNG of
 * 20 kB may claim 400 megapixels. The other formats' dimensions are read by ImageMagick's ping.
 */
import { ServiceError } from "../../runtime/errors.ts";
import type { ImageFormat } from "./sniff-format.ts";

export interface PictureHeader {
  width: number;
  height: number;
  /** JPEG coded in several scans: it takes memory for all coefficients. */
  progressive: boolean;
}

/**
 * @returns undefined for formats whose header is left to ImageMagick
 * @throws ServiceError `invalid_image`
 */
export function readHeader(bytes: Uint8Array, format: ImageFormat): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = format === "png" ? readPng(view) : format === "jpeg" ? readJpeg(view) : undefined;
  if (header === undefined) return undefined;
  if (header === "damaged" || header.width === 0 || header.height === 0) {
    throw new ServiceError("invalid_image", `the ${format.toUpperCase()}'s header is damaged`);
  }
  return header;
}

const PNG_IHDR_AT = 12;
const IHDR = 0x49484452;

function readPng(view: DataView): PictureHeader | "damaged" {
  if (view.byteLength < PNG_IHDR_AT + 12 || view.getUint32(PNG_IHDR_AT) !== IHDR) return "damaged";
  return {
    width: view.getUint32(PNG_IHDR_AT + 4),
    height: view.getUint32(PNG_IHDR_AT + 8),
    progressive: false,
  };
}

/** JPEG markers (ITU-T T.81, table B.1): frames are 0xC0–0xCF except these three. */
const NOT_FRAMES = new Set([0xc4, 0xc8, 0xcc]);
const PROGRESSIVE_FRAMES = new Set([0xc2, 0xc6, 0xca, 0xce]);
/** Markers without a length: TEM, RST0–7, SOI. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** Walks the segments up to the frame header. */
function readJpeg(view: DataView): PictureHeader | "damaged" {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return "damaged";
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
    } else if (isBare(marker)) {
      at += 2;
    } else if (marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.has(marker)) {
      const progressive = PROGRESSIVE_FRAMES.has(marker);
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), progressive };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return "damaged";
}
