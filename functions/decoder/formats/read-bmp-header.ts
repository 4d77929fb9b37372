/**
 * BMP: OS/2's first header has 16-bit sides, all later ones 32-bit sides; a negative height means rows from the top.
 * Source: Microsoft's `BITMAPINFOHEADER` to `BITMAPV5HEADER`, and OS/2's `BITMAPINFOHEADER2`, which may end after any of
 * its fields. The codec knows OS/2's first and Windows' headers: it is shown one of those.
 */
import { unsupported } from "./unsupported-format.ts";
import type { CodecView, PictureHeader } from "./picture-header.ts";
import {
  asFirstOs2,
  asWindows,
  FILE_HEADER_BYTES,
  OS2_HEADER_BYTES,
  WINDOWS_HEADER_BYTES,
} from "./rewrite-bmp-header.ts";

const LAST_OS2_HEADER_BYTES = 64;
/** Windows' headers that are as long as OS/2's second may be. */
const MASKS_HEADER_BYTES = 52;
/** The first header that has a mask for alpha. */
const ALPHA_HEADER_BYTES = 56;
/** Where that mask is in the file; of a shorter header's masks, which follow it, the fourth is at the same place. */
const ALPHA_MASK_AT = 66;
const PIXELS_AT = 10;
const BITS_AT = 28;
const COMPRESSION_AT = 30;
const COLOURS_AT = 46;
/** Values of `biCompression`. */
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

/** Values of `biCompression` that the codec lacks, by which header they belong to. */
const UNSUPPORTED = {
  windows: new Map([
    [4, "a JPEG inside"],
    [5, "a PNG inside"],
  ]),
  os2: new Map([
    [3, "Huffman coding"],
    [4, "24-bit run lengths"],
  ]),
};

/** @throws ServiceError `unsupported_image_format` */
export function readBmpHeader(file: DataView): PictureHeader | undefined {
  const headerBytes = file.getUint32(FILE_HEADER_BYTES, true);
  if (headerBytes === OS2_HEADER_BYTES) {
    const header = { width: file.getUint16(18, true), height: file.getUint16(20, true) };
    const bits = file.getUint16(24, true);
    const end = FILE_HEADER_BYTES + OS2_HEADER_BYTES + (bits <= 8 ? 3 * 2 ** bits : 0);
    return { ...header, coding: "BMP", opaque: true, view: shown(file, pixelsAt(file, end)) };
  }
  const isOs2 = isSecondOs2(headerBytes);
  const isShort = headerBytes < WINDOWS_HEADER_BYTES;
  // A header may end before it.
  const compression =
    headerBytes <= COMPRESSION_AT - FILE_HEADER_BYTES ? 0 : file.getUint32(COMPRESSION_AT, true);
  const coding = UNSUPPORTED[isOs2 ? "os2" : "windows"].get(compression);
  if (coding !== undefined) throw unsupported(`the BMP has ${coding}`);
  if (isShort && compression !== 0)
    throw unsupported("the BMP has run lengths and a header of OS/2 that is cut short");
  const bits = file.getUint16(BITS_AT, true);
  const colours = isShort ? 0 : file.getUint32(COLOURS_AT, true);
  const paletteBytes = bits > 8 ? 0 : 4 * (colours || 2 ** bits);
  const at = pixelsAt(
    file,
    FILE_HEADER_BYTES + headerBytes + maskBytes(headerBytes, compression) + paletteBytes,
  );
  return {
    width: Math.abs(file.getInt32(18, true)),
    height: Math.abs(file.getInt32(22, true)),
    coding: "BMP",
    opaque: isOs2 || !hasAlpha(file, headerBytes, compression),
    view: isShort
      ? asFirstOs2(file, headerBytes, at)
      : isOs2
        ? asWindows(file, headerBytes, at)
        : shown(file, at, compression === ALPHA_BITFIELDS ? headerBytes : undefined),
  };
}

/** From 16 bytes on, and not one of Windows' lengths. */
function isSecondOs2(headerBytes: number): boolean {
  const windows = [WINDOWS_HEADER_BYTES, MASKS_HEADER_BYTES, ALPHA_HEADER_BYTES];
  return headerBytes >= 16 && headerBytes <= LAST_OS2_HEADER_BYTES && !windows.includes(headerBytes);
}

/** Where the pixels are: some writers leave that out, and put them behind everything else. */
function pixelsAt(file: DataView, end: number): number {
  return file.getUint32(PIXELS_AT, true) || end;
}

/** Of the masks that follow a header which has no fields for them. */
function maskBytes(headerBytes: number, compression: number): number {
  if (headerBytes !== WINDOWS_HEADER_BYTES) return 0;
  return compression === BITFIELDS ? 12 : compression === ALPHA_BITFIELDS ? 16 : 0;
}

/** Without a mask for it, the fourth byte of a pixel is reserved, whatever is in it. */
function hasAlpha(file: DataView, headerBytes: number, compression: number): boolean {
  const hasMask =
    (compression === BITFIELDS && headerBytes >= ALPHA_HEADER_BYTES) || compression === ALPHA_BITFIELDS;
  return hasMask && file.getUint32(ALPHA_MASK_AT, true) !== 0;
}

/**
 * The file as it is, but for where its pixels are and for four masks.
 * @param alphaHeaderBytes of a header whose compression says that there are four: the codec knows them as fields of a
 * longer header, which are at the same place
 */
function shown(file: DataView, at: number, alphaHeaderBytes?: number): CodecView {
  const changes = [{ at: PIXELS_AT, bytes: uint32(at) }];
  if (alphaHeaderBytes !== undefined) {
    changes.push({ at: FILE_HEADER_BYTES, bytes: uint32(Math.max(alphaHeaderBytes, ALPHA_HEADER_BYTES)) });
    changes.push({ at: COMPRESSION_AT, bytes: uint32(BITFIELDS) });
  }
  return { start: 0, end: file.byteLength, changes };
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
