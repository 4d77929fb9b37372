/**
 * Finds a picture's format from its first bytes. File names and Content-Type headers are ignored, because they are
 * often wrong.
 */

export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "bmp" | "tiff" | "avif" | "heic";

/** ISO base media brands (ISO/IEC 14496-12 `ftyp`) of the two families. */
const AVIF_BRANDS = new Set(["avif", "avis"]);
const HEIC_BRANDS = new Set(["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"]);

/** How far after a JPEG's first marker the next one is searched, bytes. */
const MAX_BYTES_BEFORE_MARKER = 1024;
/** How much of `ftyp`'s brand list is read, bytes. */
const MAX_BRANDS_BYTES = 128;

export function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  const ascii = (start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, end));
  if (isJpeg(bytes)) return "jpeg";
  if (bytes[0] === 0x89 && ascii(1, 8) === "PNG\r\n\u001a\n") return "png";
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WEBP") return "webp";
  if (ascii(0, 6) === "GIF87a" || ascii(0, 6) === "GIF89a") return "gif";
  if (ascii(0, 2) === "BM" && bytes.length > 26) return "bmp";
  if (ascii(0, 4) === "II*\0" || ascii(0, 4) === "MM\0*") return "tiff";
  if (ascii(4, 8) === "ftyp") return sniffBrand(bytes, ascii);
  return undefined;
}

/** True if the start marker and another marker are there; some writers leave bytes between the two. */
function isJpeg(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  const start = bytes.subarray(2, 2 + MAX_BYTES_BEFORE_MARKER);
  return start.some((byte, at) => byte === 0xff && (start[at + 1] ?? 0) >= 0xc0);
}

/** Tries the major brand first, then the compatible brands: both HEIC and AVIF may have the major brand `mif1`. */
function sniffBrand(
  bytes: Uint8Array,
  ascii: (start: number, end: number) => string,
): ImageFormat | undefined {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= Math.min(size, bytes.length, MAX_BRANDS_BYTES); at += 4)
    brands.push(ascii(at, at + 4));
  if (brands.some((brand) => AVIF_BRANDS.has(brand))) return "avif";
  return brands.some((brand) => HEIC_BRANDS.has(brand)) ? "heic" : undefined;
}
