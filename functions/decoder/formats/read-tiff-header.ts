/**
 * Reads the first directory of a TIFF 6.0, which is its first page. A TIFF sets the size of its pieces (strips or
 * tiles). The codec holds one unpacked piece beside the picture, and often the whole picture is one piece.
 */
import type { PictureHeader } from "./picture-header.ts";
import { unsupported } from "./unsupported-format.ts";
import { readDirectory, type TiffDirectory } from "./tiff-directory.ts";

const IMAGE_WIDTH = 256;
const IMAGE_LENGTH = 257;
const BITS_PER_SAMPLE = 258;
const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const ORIENTATION = 274;
const SAMPLES_PER_PIXEL = 277;
const ROWS_PER_STRIP = 278;
const TILE_WIDTH = 322;
const TILE_LENGTH = 323;
const SAMPLE_FORMAT = 339;
/** Value of `SAMPLE_FORMAT`. */
const SIGNED = 2;
const ALL_BITS = 0xff;
const HIGHEST_BIT = 0x80;
/** Values of `PHOTOMETRIC`. */
const WHITE_IS_ZERO = 0;
const BLACK_IS_ZERO = 1;

/**
 * The tags that describe pixels, as first and last of each run: layout, fax options, sample values, strips, predictor,
 * palette, tiles, inks, extra samples, JPEG's tables old and new, YCbCr, SGI's depths, LogLuv. Source: libtiff's
 * `tiff.h`.
 */
const PIXEL_TAGS = [
  [IMAGE_WIDTH, 259],
  [PHOTOMETRIC, PHOTOMETRIC],
  [266, 266],
  [273, 273],
  [SAMPLES_PER_PIXEL, 281],
  [284, 284],
  [292, 293],
  [317, 317],
  [320, 325],
  [332, 334],
  [338, 341],
  [347, 347],
  [512, 521],
  [529, 532],
  [32_995, 32_998],
  [37_439, 37_439],
] as const;
/** A private tag that no reader uses. */
const NO_TAG = 0xffff;
const BYTE = 1;

/** Values of `COMPRESSION` that the codec cannot decode. Source: libtiff's `tiff.h`. */
const UNSUPPORTED_COMPRESSIONS = new Map([
  [34661, "JBIG"],
  [34712, "JPEG 2000"],
  [33003, "JPEG 2000"],
  [33005, "JPEG 2000"],
  [34887, "LERC"],
  [34892, "lossy JPEG of DNG"],
  [34925, "LZMA"],
  [50000, "zstd"],
  [50001, "WebP"],
  [50002, "JPEG XL"],
  [52546, "JPEG XL"],
]);

/** @throws ServiceError `unsupported_image_format` for a compression that the codec cannot decode */
export function readTiffHeader(file: DataView): PictureHeader | undefined {
  const tags = readDirectory(file);
  if (tags === undefined) return undefined;
  const compression = UNSUPPORTED_COMPRESSIONS.get(tags.first(COMPRESSION) ?? 1);
  if (compression !== undefined) throw unsupported(`the TIFF is compressed with ${compression}`);
  const width = tags.first(IMAGE_WIDTH) ?? 0;
  const height = tags.first(IMAGE_LENGTH) ?? 0;
  const pixelBits = (tags.first(BITS_PER_SAMPLE) ?? 1) * (tags.first(SAMPLES_PER_PIXEL) ?? 1);
  const pieceWidth = tags.first(TILE_WIDTH) ?? width;
  const pieceHeight = tags.first(TILE_LENGTH) ?? Math.min(tags.first(ROWS_PER_STRIP) ?? height, height);
  const negative = isNegative(tags);
  return {
    width,
    height,
    coding: pixelBits === 1 ? "bilevel TIFF" : "TIFF",
    pieceBytes: Math.ceil((pieceWidth * pieceHeight * pixelBits) / 8),
    orientation: tags.first(ORIENTATION) ?? 1,
    // The lowest signed number is black, and its highest bit is set.
    invertedBits: negative ? ALL_BITS : tags.first(SAMPLE_FORMAT) === SIGNED ? HIGHEST_BIT : 0,
    view: { start: 0, end: file.byteLength, changes: changesFor(tags, file, negative) },
  };
}

/** True if white and black must be swapped here: the codec does it for other depths, but not for 2 and 4 bits. */
function isNegative(tags: TiffDirectory): boolean {
  const depth = tags.first(BITS_PER_SAMPLE);
  return tags.first(PHOTOMETRIC) === WHITE_IS_ZERO && (depth === 2 || depth === 4);
}

function changesFor(
  { startAt, entries, nextAt, at, littleEndian }: TiffDirectory,
  file: DataView,
  negative: boolean,
): { at: number; bytes: Uint8Array }[] {
  // One change for the whole directory, because it may have 65,535 entries.
  const directoryBytes = Math.min(nextAt + 4, file.byteLength) - startAt;
  const directory = new Uint8Array(file.buffer, file.byteOffset + startAt, directoryBytes).slice();
  const changes = [{ at: startAt, bytes: directory }];
  // The codec reads every tag it knows, and refuses the picture if an EXIF block, a type or a value is wrong. Hide the
  // tags that do not describe pixels.
  const unread = noEntry(littleEndian);
  for (const { entryAt, tag } of entries()) {
    if (!PIXEL_TAGS.some(([first, last]) => tag >= first && tag <= last)) {
      directory.set(unread, entryAt - startAt);
    }
  }
  // The codec follows the link to the next page, and refuses the first page if that link is broken. Remove the link.
  if (nextAt + 4 <= file.byteLength) directory.fill(0, nextAt - startAt);
  const photometric = at(PHOTOMETRIC);
  if (negative && photometric !== undefined) {
    changes.push({ at: photometric + (littleEndian ? 0 : 1), bytes: Uint8Array.of(BLACK_IS_ZERO) });
  }
  return changes;
}

/** A directory entry of one zero byte. */
function noEntry(littleEndian: boolean): Uint8Array {
  const entry = new DataView(new ArrayBuffer(12));
  entry.setUint16(0, NO_TAG, littleEndian);
  entry.setUint16(2, BYTE, littleEndian);
  entry.setUint32(4, 1, littleEndian);
  return new Uint8Array(entry.buffer);
}
