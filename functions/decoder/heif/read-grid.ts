/**
 * Reads a picture made of tiles (`grid`, ISO/IEC 23008-12, 6.6.2.3). Phones write HEIC like this, in tiles of 512 ×
 * 512. Each tile is a separate picture, so only a few need to be in memory at once.
 */
import { type Box, FieldReader, FULL_BOX_BYTES, type Range, rangeOf, within } from "./boxes.ts";
import { type Item, readItems } from "./read-items.ts";
import { isNclx } from "./read-nclx.ts";
import { type Transformations, transformationsOf } from "./transformations.ts";

export interface Tile {
  /** `hvc1` or `av01`. */
  type: string;
  /** The boxes that describe it, at most one of a kind. */
  properties: Range[];
  /** Its data, in pieces. */
  extents: Range[];
}

export interface Grid extends Transformations {
  /** Size of the picture before rotation, pixels. */
  width: number;
  height: number;
  rows: number;
  columns: number;
  /** Size of each tile, pixels. The last row and column may reach beyond the picture. */
  tileWidth: number;
  tileHeight: number;
  /** The tiles, row by row. */
  tiles: Tile[];
}

const CODED = new Set(["hvc1", "av01"]);
/**
 * Properties that decoding a tile needs. Transformations apply to the whole picture, not to a tile. Colour profiles are
 * ignored, and all tiles may share a large one.
 */
const DESCRIPTIVE: ((property: Box) => boolean)[] = [
  ...["hvcC", "av1C", "ispe", "pixi", "pasp"].map(
    (wanted) =>
      ({ type }: Box) =>
        type === wanted,
  ),
  isNclx,
];

/**
 * @returns undefined for a file that is no grid, and for one that the codec decodes whole: it has transparency, or its
 * crop and turns are in an unusual order
 * @throws RangeError for a damaged grid
 */
export function readGrid(file: DataView): Grid | undefined {
  const items = readItems(file);
  const grid = items?.primary;
  if (items === undefined || grid?.type !== "grid" || items.alpha !== undefined) return undefined;
  const [data] = grid.extents;
  if (data === undefined) throw new RangeError("the grid has no data");
  const fields = new FieldReader(within(file, data.start, data.end), 1);
  const sizeBytes = (fields.unsigned(1) & 1) === 1 ? 4 : 2;
  const [rows, columns] = [fields.unsigned(1) + 1, fields.unsigned(1) + 1];
  const [width, height] = [fields.unsigned(sizeBytes), fields.unsigned(sizeBytes)];
  const transformations = transformationsOf(grid.properties, { width, height });
  if (transformations === undefined) return undefined;
  const tileItems = items.parts;
  if (tileItems.length !== rows * columns) throw new RangeError("tiles are missing");
  const { width: tileWidth, height: tileHeight } = sizeOf(tileItems[0]);
  for (const tile of tileItems) {
    const size = sizeOf(tile);
    if (!CODED.has(tile.type) || size.width !== tileWidth || size.height !== tileHeight) {
      throw new RangeError("a tile differs from the others in type or size");
    }
  }
  if (!isCovered(width, tileWidth, columns) || !isCovered(height, tileHeight, rows)) {
    throw new RangeError("the tiles do not cover the picture");
  }
  const tiles = tileItems.map((item) => tileOf(item, file));
  return { width, height, rows, columns, tileWidth, tileHeight, tiles, ...transformations };
}

function tileOf({ type, properties, extents }: Item, file: DataView): Tile {
  const described = DESCRIPTIVE.flatMap((isWanted) => properties.find(isWanted) ?? []);
  return { type, properties: described.map(({ whole }) => rangeOf(whole, file)), extents };
}

/** True if the tiles cover the picture and none is unnecessary. */
function isCovered(length: number, tileLength: number, tiles: number): boolean {
  return length > 0 && tileLength > 0 && Math.ceil(length / tileLength) === tiles;
}

function sizeOf(item: Item | undefined): { width: number; height: number } {
  const ispe = item?.properties.find(({ type }) => type === "ispe")?.content;
  if (ispe === undefined) throw new RangeError("a tile has no size");
  return { width: ispe.getUint32(FULL_BOX_BYTES), height: ispe.getUint32(FULL_BOX_BYTES + 4) };
}
