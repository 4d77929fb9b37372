/**
 * Reads the transformations in a HEIF file's properties: crop, then rotation or mirroring (ISO/IEC 23008-12, 6.5.9 to
 * 6.5.12).
 */
import type { Area } from "../preprocess/crop-area.ts";
import { type Box, FieldReader } from "./boxes.ts";

export interface Transformations {
  /** The visible part, before rotation; undefined: all of the picture. */
  crop?: Area;
  /** Rotation and mirroring as an EXIF orientation. */
  orientation: number;
}

/** `irot`, quarter turns counter-clockwise → EXIF orientation. */
const TURNED = [1, 8, 3, 6];
/** `irot` after `imir`, whose axis is the first index (0 swaps top and bottom, 1 left and right) → EXIF orientation. */
const MIRRORED = [
  [4, 5, 2, 7],
  [2, 7, 4, 5],
];
/** The order that cameras use and that the standard requires (ISO/IEC 23000-22, 7.3.6.7). */
const ORDER = ["clap", "irot", "imir"];

export function isTransformation({ type }: Box): boolean {
  return ORDER.includes(type);
}

/**
 * @param size size of the coded picture
 * @returns undefined for an order of transformations other than the usual one
 * @throws RangeError for an empty crop
 */
export function transformationsOf(
  properties: readonly Box[],
  size: { width: number; height: number },
): Transformations | undefined {
  const found = properties.filter(isTransformation);
  const places = found.map(({ type }) => ORDER.indexOf(type));
  if (places.some((place, i) => i > 0 && place <= (places[i - 1] ?? 0))) return undefined;
  const content = (name: string): DataView | undefined => found.find(({ type }) => type === name)?.content;
  const turns = (content("irot")?.getUint8(0) ?? 0) & 3;
  const axis = content("imir")?.getUint8(0);
  const orientation = axis === undefined ? TURNED[turns] : MIRRORED[axis & 1]?.[turns];
  const clap = content("clap");
  const crop = clap && cropOf(clap, size);
  return { orientation: orientation ?? 1, ...(crop === undefined ? {} : { crop }) };
}

/**
 * The clean aperture (ISO/IEC 14496-12, 12.1.4): its size, and the distance of its centre from the picture's centre.
 */
function cropOf(clap: DataView, { width, height }: { width: number; height: number }): Area {
  const fields = new FieldReader(clap);
  const [shownWidth, shownHeight, right, down] = [0, 1, 2, 3].map((field) => {
    const numerator = fields.unsigned(4);
    // The offsets are signed.
    return (field < 2 ? numerator : numerator | 0) / fields.unsigned(4);
  }) as [number, number, number, number];
  const [left, columns] = visible(width, shownWidth, right);
  const [top, rows] = visible(height, shownHeight, down);
  return { left, top, width: columns, height: rows };
}

/** Start and length of the aperture on one axis, in whole pixels, limited to the picture. */
function visible(length: number, shown: number, offset: number): [start: number, length: number] {
  const exact = Math.floor(offset + (length - shown) / 2);
  const start = Math.max(0, exact);
  const end = Math.min(length, exact + Math.round(shown));
  if (!(end > start)) throw new RangeError("the crop leaves nothing of the picture");
  return [start, end - start];
}
