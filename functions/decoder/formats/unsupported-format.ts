/** Explains why a file cannot be read: its first bytes may tell what it is, which helps more than a list of formats. */
import { ServiceError } from "../../runtime/errors.ts";

const SUPPORTED = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC";

// Signatures contain control characters.
// oxlint-disable no-control-regex
/** First bytes, as Latin-1 → what the file is. */
const SIGNATURES: [start: RegExp, what: string][] = [
  [/^II\x2b\0|^MM\0\x2b/, "a BigTIFF"],
  [/^\xff\x0a|^\0\0\0\x0cJXL /, "a JPEG XL"],
  [/^\0\0\0\x0cjP {2}|^\xff\x4f\xff\x51/, "a JPEG 2000"],
  [/^II\xbc/, "a JPEG XR"],
  [
    /^(\xef\xbb\xbf)?\s*(<\?xml[^]*?)?(<!--[^]*?)?(<!DOCTYPE svg[^]*?)?<svg[\s>]/i,
    "an SVG, which is a vector drawing and has no pixels",
  ],
  [/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)/i, "a web page"],
  [/^%PDF-/, "a PDF"],
  [/^%!PS|^\xc5\xd0\xd3\xc6/, "PostScript"],
  [/^8BPS/, "a Photoshop document"],
  [/^\0\0[\x01\x02]\0/, "a Windows icon or cursor"],
  [/^icns/, "a macOS icon"],
  [/^qoif/, "a QOI"],
  [/^\x76\x2f\x31\x01/, "an OpenEXR"],
  [/^#\?(RADIANCE|RGBE)/, "a Radiance HDR"],
  [/^DDS /, "a DDS texture"],
  [/^P[1-7]\s/, "a PNM"],
  [/^BPG\xfb/, "a BPG"],
  [/^FLIF/, "a FLIF"],
  [/^\xd7\xcd\xc6\x9a|^\x01\0\0\0[^]{36} EMF/, "a Windows metafile"],
  [/^RIFF[^]{4}AVI /, "a video (AVI)"],
  [/^\x1a\x45\xdf\xa3/, "a video (Matroska or WebM)"],
  [/^[^]{4}ftypcrx /, "a camera's raw file"],
  [/^[^]{4}ftyp/, "a video (MP4, MOV)"],
  [/^\x1f\x8b/, "compressed with gzip"],
  [/^PK\x03\x04/, "a ZIP archive"],
];
/** How far the beginning of an SVG or a web page is searched. */
const MAX_BYTES = 1024;

/** @returns the refusal of a file whose format is not supported */
export function unsupportedFormat(bytes: Uint8Array): ServiceError {
  const start = Array.from(bytes.subarray(0, MAX_BYTES), (byte) => String.fromCharCode(byte)).join("");
  const [, what] = SIGNATURES.find(([signature]) => signature.test(start)) ?? [];
  return what === undefined
    ? new ServiceError("unsupported_image_format", `not a picture in a supported format (${SUPPORTED})`)
    : unsupported(`the file is ${what}`);
}

/** @param reason why the file cannot be read, as a sentence without its full stop */
export function unsupported(reason: string, cause?: unknown): ServiceError {
  return new ServiceError("unsupported_image_format", `${reason}; send ${SUPPORTED}`, { cause });
}
