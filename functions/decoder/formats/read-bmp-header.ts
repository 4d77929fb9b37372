/**
 * BMP: OS/2's first header has 16-bit sides, all later ones 32-bit sides; a negative height means rows from the top.
 * Source: Microsoft's `BITMAPINFOHEADER` to `BITMAPV5HEADER`, and OS/2's `BITMAPINFOHEADER2`.
 */
import { unsupported } from "./unsupported-format.ts";
import type { CodecView, PictureHeader } from "./picture-header.ts";

const FILE_HEADER_BYTES = 14;
const OS2_HEADER_BYTES = 12;
const OS2_2_HEADER_BYTES = 64;
const WINDOWS_HEADER_BYTES = 40;
/** The first header that has a mask for alpha. */
const ALPHA_HEADER_BYTES = 56;
/** Where that mask is in the file; of a shorter header's masks, which follow it, the fourth is at the same place. */
const ALPHA_MASK_AT = 66;
const COMPRESSION_AT = 30;
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
export function readBmpHeader(file: DataView): PictureHeader {
  const headerBytes = file.getUint32(FILE_HEADER_BYTES, true);
  if (headerBytes === OS2_HEADER_BYTES) {
    return { width: file.getUint16(18, true), height: file.getUint16(20, true), coding: "BMP", opaque: true };
  }
  const isOs2 = headerBytes === OS2_2_HEADER_BYTES;
  const coding = UNSUPPORTED[isOs2 ? "os2" : "windows"].get(file.getUint32(COMPRESSION_AT, true));
  if (coding !== undefined) throw unsupported(`the BMP has ${coding}`);
  return {
    width: Math.abs(file.getInt32(18, true)),
    height: Math.abs(file.getInt32(22, true)),
    coding: "BMP",
    opaque: !hasAlpha(file, headerBytes),
    ...(isOs2 ? { view: asWindows(file) } : {}),
  };
}

/** Without a mask for it, the fourth byte of a pixel is reserved, whatever is in it. */
function hasAlpha(file: DataView, headerBytes: number): boolean {
  const compression = file.getUint32(COMPRESSION_AT, true);
  const hasMask =
    (compression === BITFIELDS && headerBytes >= ALPHA_HEADER_BYTES) || compression === ALPHA_BITFIELDS;
  return hasMask && file.getUint32(ALPHA_MASK_AT, true) !== 0;
}

/**
 * The same file with Windows' header: its fields are the first of OS/2's second header. The codec expects three bytes of
 * each palette entry after the longer one, where there are four.
 */
function asWindows(file: DataView): CodecView {
  const start = OS2_2_HEADER_BYTES - WINDOWS_HEADER_BYTES;
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength).slice(
    0,
    FILE_HEADER_BYTES + WINDOWS_HEADER_BYTES,
  );
  const header = new DataView(bytes.buffer);
  const pixelsAt = header.getUint32(10, true);
  header.setUint32(10, pixelsAt - start, true);
  header.setUint32(FILE_HEADER_BYTES, WINDOWS_HEADER_BYTES, true);
  return { start, end: file.byteLength, changes: [{ at: start, bytes }] };
}
