/**
 * HEIF (ISO/IEC 23008-12), which AVIF and HEIC both are: sizes are `ispe` properties in `meta/iprp/ipco`. A file holds
 * several items: tiles, thumbnails, the picture. The largest is the picture or costs as much as if it were.
 */
import type { CodecView, PictureHeader } from "../formats/picture-header.ts";
import { MAX_PIXELS_AVIF_BY_MAGICK } from "../formats/pixel-limits.ts";
import { type Box, boxes, child, FULL_BOX_BYTES, rangeOf, within } from "./boxes.ts";
import { readItems } from "./read-items.ts";
import { isTransformation, transformationsOf } from "./transformations.ts";

/** `irot` by no quarter turn: a box that changes nothing. */
const NO_TURN = Uint8Array.of(...new TextEncoder().encode("irot"), 0);

/** Of the file's transformations it has those that the codec is not to apply itself. */
export function readHeifHeader(file: DataView, coding: "AVIF" | "HEIC"): PictureHeader | undefined {
  const largest = largestSize(file);
  const items = readItems(file);
  if (largest === undefined || items === undefined) return largest && { ...largest, coding };
  const { id, type, properties } = items.primary;
  const premultiplied = items.references.has(`prem/${id}`);
  const ispe = properties.find((property) => property.type === "ispe")?.content;
  const size = ispe && sizeIn(ispe);
  const transformations = size && transformationsOf(properties, size);
  const ours = transformations?.crop && {
    ...transformations,
    view: withoutTransformations(file, properties),
  };
  // libavif divides by alpha and leaves turning to us.
  if (transformations && coding === "AVIF" && type === "av01" && isLargeAvif(largest)) {
    return { ...size, coding, ...transformations, ...ours, rgbaCodec: true };
  }
  return { ...largest, coding, premultiplied, ...ours };
}

/** Whether it is too large for ImageMagick's reader, which is the faster one. */
function isLargeAvif({ width, height }: { width: number; height: number }): boolean {
  return width * height > MAX_PIXELS_AVIF_BY_MAGICK;
}

/** libheif and libavif refuse some crops, libheif moves others by a pixel. What is cropped here is turned here, too. */
function withoutTransformations(file: DataView, properties: readonly Box[]): CodecView {
  const changes = properties.filter(isTransformation).map(({ content }) => {
    // Over the box's type and the first byte of its content.
    return { at: rangeOf(content, file).start - 4, bytes: NO_TURN };
  });
  return { start: 0, end: file.byteLength, changes };
}

function largestSize(file: DataView): { width: number; height: number } | undefined {
  const meta = child(file, "meta");
  const properties = meta && child(within(meta, FULL_BOX_BYTES), "iprp");
  const container = properties && child(properties, "ipco");
  if (container === undefined) return undefined;
  let largest: { width: number; height: number } | undefined;
  for (const { type, content } of boxes(container)) {
    if (type !== "ispe") continue;
    const size = sizeIn(content);
    if (size.width * size.height > (largest?.width ?? 0) * (largest?.height ?? 0)) largest = size;
  }
  return largest;
}

function sizeIn(ispe: DataView): { width: number; height: number } {
  return { width: ispe.getUint32(FULL_BOX_BYTES), height: ispe.getUint32(FULL_BOX_BYTES + 4) };
}
