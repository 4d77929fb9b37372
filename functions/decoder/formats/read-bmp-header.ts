/**
 * Reads a BMP's header. OS/2's first header has 16-bit sides, all later ones 32-bit sides; a negative height means that
 * rows go from top to bottom. Sources: Microsoft's `BITMAPINFOHEADER` to `BITMAPV5HEADER`, and OS/2's
 * `BITMAPINFOHEADER2`, which may end after any of its fields. The codec reads only OS/2's first header and Windows'
 * headers, so other files are shown to it with one of those.
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
/** Lengths of Windows headers that OS/2's second header can also have. */
const MASKS_HEADER_BYTES = 52;
/** The first header that has a mask for alpha. */
const ALPHA_HEADER_BYTES = 56;
/**
 * Offset of the alpha mask in the file. For a shorter header the masks follow the header, and the fourth is at the same
 * offset.
 */
const ALPHA_MASK_AT = 66;
const PIXELS_AT = 10;
const BITS_AT = 28;
const COMPRESSION_AT = 30;
const COLOURS_AT = 46;
/** Values of `biCompression`. */
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

/** Values of `biCompression` that the codec cannot read, by the header they belong to. */
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
  // A short header may end before this field.
  const compression =
    headerBytes <= COMPRESSION_AT - FILE_HEADER_BYTES ? 0 : file.getUint32(COMPRESSION_AT, true);
  const coding = UNSUPPORTED[isOs2 ? "os2" : "windows"].get(compression);
  if (coding !== undefined) throw unsupported(`the BMP has ${coding}`);
  if (isShort && compression !== 0)
    throw unsupported("the BMP is compressed with run lengths and has a shortened OS/2 header");
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

/** True for lengths of at least 16 bytes that no Windows header has. */
function isSecondOs2(headerBytes: number): boolean {
  const windows = [WINDOWS_HEADER_BYTES, MASKS_HEADER_BYTES, ALPHA_HEADER_BYTES];
  return headerBytes >= 16 && headerBytes <= LAST_OS2_HEADER_BYTES && !windows.includes(headerBytes);
}

/** Offset of the pixels. Some writers leave the field empty and put the pixels at the end of the file. */
function pixelsAt(file: DataView, end: number): number {
  return file.getUint32(PIXELS_AT, true) || end;
}

/** Bytes of the masks that follow a header without mask fields. */
function maskBytes(headerBytes: number, compression: number): number {
  if (headerBytes !== WINDOWS_HEADER_BYTES) return 0;
  return compression === BITFIELDS ? 12 : compression === ALPHA_BITFIELDS ? 16 : 0;
}

/**
 * True if the header has a mask for alpha. Without one, the fourth byte of a pixel is reserved and its value means
 * nothing.
 */
function hasAlpha(file: DataView, headerBytes: number, compression: number): boolean {
  const hasMask =
    (compression === BITFIELDS && headerBytes >= ALPHA_HEADER_BYTES) || compression === ALPHA_BITFIELDS;
  return hasMask && file.getUint32(ALPHA_MASK_AT, true) !== 0;
}

/**
 * Shows the file to the codec with two changes: where its pixels are, and a longer header if there are four masks.
 * @param alphaHeaderBytes length of the longer header, which has the four masks as fields at the same offsets
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
