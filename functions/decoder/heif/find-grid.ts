/** Finds out whether a HEIF file is made of tiles, and checks its size. */
import { ServiceError } from "../../runtime/errors.ts";
import { checkSize } from "../formats/pixel-limits.ts";
import { inBounds } from "../formats/read-header.ts";
import { type Grid, readGrid } from "./read-grid.ts";

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
  return grid;
}
