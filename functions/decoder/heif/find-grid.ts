/** Finds out whether a HEIF file is made of tiles, and checks its size. */
import { ServiceError } from "../../runtime/errors.ts";
import { checkSize, fileTooLarge, MAX_FILE_BYTES, MAX_HEIF_FILE_BYTES } from "../formats/pixel-limits.ts";
import { inBounds } from "../formats/read-header.ts";
import { type Grid, readGrid, type Tile } from "./read-grid.ts";

/**
 * Limit for all that is copied to decode the tiles, bytes. Only tiles that share long ranges of the file take more than
 * the file has.
 */
const MAX_BYTES_OF_TILES = 2 * MAX_FILE_BYTES;

/**
 * @returns undefined if the codec decodes the file whole
 * @throws ServiceError `invalid_image` for a damaged grid, `image_too_large`
 */
export function findGrid(bytes: Uint8Array, format: "heic" | "avif"): Grid | undefined {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = inBounds(() => ({ grid: readGrid(file) }));
  if (found === undefined)
    throw new ServiceError("invalid_image", `the ${format.toUpperCase()}'s boxes are damaged`);
  const { grid } = found;
  if (grid === undefined) return undefined;
  checkSize({ ...grid, coding: "HEIF of tiles" }, bytes.length);
  const tile = { width: grid.tileWidth, height: grid.tileHeight };
  checkSize({ ...tile, coding: format === "heic" ? "HEIC" : "AVIF of an unusual structure" }, 0);
  checkTiles(grid.tiles);
  return grid;
}

/** @throws ServiceError `image_too_large` */
function checkTiles(tiles: readonly Tile[]): void {
  let sum = 0;
  for (const { properties, extents } of tiles) {
    const bytes = [...properties, ...extents].reduce((length, { start, end }) => length + end - start, 0);
    if (bytes > MAX_HEIF_FILE_BYTES) throw fileTooLarge("tile", bytes, MAX_HEIF_FILE_BYTES);
    sum += bytes;
  }
  if (sum > MAX_BYTES_OF_TILES) throw fileTooLarge("sum of all tiles", sum, MAX_BYTES_OF_TILES);
}
