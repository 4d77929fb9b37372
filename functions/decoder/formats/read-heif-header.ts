/**
 * HEIF (ISO/IEC 23008-12), which AVIF and HEIC both are: sizes are `ispe` properties in `meta/iprp/ipco`. A file holds
 * several items: tiles, thumbnails, the picture. The largest is the picture or costs as much as if it were.
 */
import type { Coding, PictureHeader } from "./picture-header.ts";

/** Version and flags, which a full box has before its content. */
const FULL_BOX_BYTES = 4;

export function readHeifHeader(file: DataView, coding: Coding): PictureHeader | undefined {
  const meta = child(file, "meta");
  const properties = meta && child(within(meta, FULL_BOX_BYTES), "iprp");
  const container = properties && child(properties, "ipco");
  if (container === undefined) return undefined;
  let largest: PictureHeader | undefined;
  for (const { type, content } of boxes(container)) {
    if (type !== "ispe") continue;
    const width = content.getUint32(FULL_BOX_BYTES);
    const height = content.getUint32(FULL_BOX_BYTES + 4);
    if (width * height > (largest?.width ?? 0) * (largest?.height ?? 0)) largest = { width, height, coding };
  }
  return largest;
}

function child(parent: DataView, wanted: string): DataView | undefined {
  for (const { type, content } of boxes(parent)) if (type === wanted) return content;
  return undefined;
}

function within({ buffer, byteOffset, byteLength }: DataView, start: number, end = byteLength): DataView {
  return new DataView(buffer, byteOffset + start, end - start);
}

/** The boxes (ISO/IEC 14496-12, 4.2) inside another one or in the file. */
function* boxes(parent: DataView): Generator<{ type: string; content: DataView }> {
  for (let at = 0; at + 8 <= parent.byteLength;) {
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => parent.getUint8(at + i)));
    const short = parent.getUint32(at);
    const header = short === 1 ? 16 : 8;
    // 0: up to the end. 1: the length follows in 64 bits.
    const size =
      short === 0 ? parent.byteLength - at : short === 1 ? Number(parent.getBigUint64(at + 8)) : short;
    if (size < header) return;
    yield { type, content: within(parent, at + header, Math.min(at + size, parent.byteLength)) };
    at += size;
  }
}
