/**
 * Reads the header of HEIF (ISO/IEC 23008-12), the container of AVIF and HEIC. Sizes are `ispe` properties in
 * `meta/iprp/ipco`. A file holds several items: tiles, thumbnails, the picture. The largest size is used: it belongs to
 * the picture, or to an item that costs as much to decode.
 */
import type { CodecView, PictureHeader } from "../formats/picture-header.ts";
import type { Av1Item } from "../av1/av1-item.ts";
import { type Box, boxes, child, FULL_BOX_BYTES, rangeOf, within } from "./boxes.ts";
import { nclxOf } from "./read-nclx.ts";
import { type Items, readItems } from "./read-items.ts";
import { isTransformation, transformationsOf } from "./transformations.ts";

/** An `irot` box of zero quarter turns, which changes nothing. */
const NO_TURN = Uint8Array.of(...new TextEncoder().encode("irot"), 0);

/** The header has only those transformations that the codec must not apply itself. */
export function readHeifHeader(file: DataView, format: "AVIF" | "HEIC"): PictureHeader | undefined {
  const coding = format === "AVIF" ? "AVIF of an unusual structure" : format;
  const largest = largestSize(file);
  const items = readItems(file);
  if (largest === undefined || items === undefined) return largest && { ...largest, coding };
  const { premultiplied, primary } = items;
  const { type, properties } = primary;
  const ispe = properties.find((property) => property.type === "ispe")?.content;
  const size = ispe && sizeIn(ispe);
  const transformations = size && transformationsOf(properties, size);
  if (transformations && format === "AVIF" && type === "av01") {
    return { ...size, coding: "AVIF", ...transformations, av1: av1Of(items) };
  }
  const ours = transformations?.crop && {
    ...transformations,
    view: withoutTransformations(file, properties),
  };
  return { ...largest, coding, premultiplied, ...ours };
}

function av1Of({ primary, alpha, premultiplied }: Items): Av1Item {
  const description = nclxOf(primary.properties);
  return {
    colour: primary.extents,
    ...(alpha === undefined ? {} : { alpha: alpha.extents }),
    premultiplied,
    ...(description === undefined ? {} : { description }),
  };
}

/**
 * Hides transformations from libheif, which refuses some crops and moves others by a pixel. This Worker then crops and
 * rotates the picture itself.
 */
function withoutTransformations(file: DataView, properties: readonly Box[]): CodecView {
  const changes = properties.filter(isTransformation).map(({ content }) => {
    // Overwrite the box's type and the first byte of its content.
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
