/**
 * HEIF (ISO/IEC 23008-12), which AVIF and HEIC both are: sizes are `ispe` properties in `meta/iprp/ipco`. A file holds
 * several items: tiles, thumbnails, the picture. The largest is the picture or costs as much as if it were.
 */
import type { Coding, PictureHeader } from "../formats/picture-header.ts";
import { orientationOf } from "./read-grid.ts";
import { readItems } from "./read-items.ts";
import { boxes, child, FULL_BOX_BYTES, within } from "./boxes.ts";

/**
 * The header of an AVIF, with the orientation if the picture is one AV1 image that is turned in a way that EXIF has a
 * number for; without it for anything else.
 */
export function readAvifHeader(file: DataView): PictureHeader | undefined {
  const header = readHeifHeader(file, "AVIF");
  const primary = readItems(file)?.primary;
  const size = primary?.properties.find(({ type }) => type === "ispe")?.content;
  if (header === undefined || primary?.type !== "av01" || size === undefined) return header;
  const orientation = orientationOf(primary.properties);
  if (orientation === undefined) return header;
  const [width, height] = [size.getUint32(FULL_BOX_BYTES), size.getUint32(FULL_BOX_BYTES + 4)];
  return { width, height, coding: "AVIF", orientation };
}

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
