/**
 * HEIF (ISO/IEC 23008-12), which AVIF and HEIC both are: sizes are `ispe` properties in `meta/iprp/ipco`. A file holds
 * several items: tiles, thumbnails, the picture. The largest is the picture or costs as much as if it were.
 */
import type { Coding, PictureHeader } from "../formats/picture-header.ts";
import { boxes, child, FULL_BOX_BYTES, within } from "./boxes.ts";

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
