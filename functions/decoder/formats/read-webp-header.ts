/**
 * WebP (RFC 9649): a RIFF file whose first chunk is the picture itself, or `VP8X`, which has the size of the canvas.
 * The orientation is in a chunk that the codec leaves alone.
 */
import { exifOrientation } from "./exif-orientation.ts";
import type { Coding, PictureHeader } from "./picture-header.ts";

/** Of `VP8X`. */
const ALPHA_FLAG = 0x10;
const ANIMATION_FLAG = 0x02;
const VP8L_SIGNATURE = 0x2f;

export function readWebpHeader(file: DataView): PictureHeader | undefined {
  const chunks = [...riffChunks(file)];
  const first = chunks[0];
  if (first === undefined) return undefined;
  const exif = chunks.find(({ type }) => type === "EXIF");
  const orientation =
    exif === undefined
      ? 1
      : exifOrientation(new DataView(file.buffer, file.byteOffset + exif.at, exif.length));
  const at = first.at;
  if (first.type === "VP8 ") {
    // A key frame's tag and start code, then 14 bits of each side (RFC 6386, 9.1).
    const width = file.getUint16(at + 6, true) & 0x3fff;
    return { width, height: file.getUint16(at + 8, true) & 0x3fff, coding: "WebP", orientation };
  }
  if (first.type === "VP8L") {
    if (file.getUint8(at) !== VP8L_SIGNATURE) return undefined;
    const bits = file.getUint32(at + 1, true);
    const width = (bits & 0x3fff) + 1;
    return { width, height: ((bits >>> 14) & 0x3fff) + 1, coding: "lossless WebP", orientation };
  }
  if (first.type !== "VP8X") return undefined;
  const flags = file.getUint8(at);
  const coding: Coding =
    (flags & ANIMATION_FLAG) !== 0
      ? "animated WebP"
      : chunks.some(({ type }) => type === "VP8L")
        ? "lossless WebP"
        : (flags & ALPHA_FLAG) !== 0
          ? "WebP with alpha"
          : "WebP";
  return { width: uint24(file, at + 4) + 1, height: uint24(file, at + 7) + 1, coding, orientation };
}

function uint24(file: DataView, at: number): number {
  return file.getUint16(at, true) | (file.getUint8(at + 2) << 16);
}

/** The chunks that the file holds whole. The picture's own may be cut: it still tells its size. */
function* riffChunks(file: DataView): Generator<{ type: string; at: number; length: number }> {
  for (let at = 12; at + 8 <= file.byteLength;) {
    const type = String.fromCharCode(...[0, 1, 2, 3].map((i) => file.getUint8(at + i)));
    const length = Math.min(file.getUint32(at + 4, true), file.byteLength - at - 8);
    yield { type, at: at + 8, length };
    at += 8 + length + (length % 2);
  }
}
