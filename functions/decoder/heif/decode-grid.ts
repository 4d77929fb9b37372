/**
 * Decodes a picture that is made of tiles. Only the tiles of one row (or one column, if rotated) are in memory at once,
 * because 12 megapixels in one piece need more memory than an isolate has.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { freeBuffer } from "../../runtime/free-buffer.ts";
import { CodecBlock } from "../codec-block.ts";
import type { MagickApi } from "../magick-internals.ts";
import { fileTooLarge, MAX_HEIF_FILE_BYTES, OutOfMemory } from "../formats/pixel-limits.ts";
import { cropArea } from "../preprocess/crop-area.ts";
import type { PixelArea } from "../preprocess/decoded-picture.ts";
import { resizeAndCrop } from "../preprocess/resize-and-crop.ts";
import { upright } from "../preprocess/upright.ts";
import { wasmResampler } from "../preprocess/wasm-resampler.ts";
import { readWithMagick } from "../read-with-magick.ts";
import type { Range } from "./boxes.ts";
import type { Grid } from "./read-grid.ts";
import { writeTile } from "./write-tile.ts";

const CHANNELS = 3;

/**
 * @param format format of the tiles
 * @param size side of the square output, pixels
 * @returns uint8 RGB, `size × size × 3`
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export function decodeGrid(
  file: CodecBlock,
  grid: Grid,
  format: "heic" | "avif",
  size: number,
  magick: MagickApi,
): Uint8Array<ArrayBuffer> {
  const tiles = new TileCache(file, grid, format, size, magick);
  try {
    const picture = upright(cropArea(gridArea(grid, tiles), grid.crop), grid.orientation);
    return resizeAndCrop(picture, size, wasmResampler);
  } finally {
    tiles.free();
  }
}

/**
 * Keeps as many decoded tiles as a row of the picture has. The picture is read in order, so an earlier tile is never
 * needed again: the tile decoded longest ago is dropped first, and its memory is freed at once.
 */
class TileCache {
  readonly #file: CodecBlock;
  readonly #grid: Grid;
  readonly #format: "heic" | "avif";
  readonly #size: number;
  readonly #magick: MagickApi;
  readonly #decoded = new Map<number, Uint8Array>();

  constructor(file: CodecBlock, grid: Grid, format: "heic" | "avif", size: number, magick: MagickApi) {
    this.#file = file;
    this.#grid = grid;
    this.#format = format;
    this.#size = size;
    this.#magick = magick;
  }

  /** uint8 RGB of a whole tile, valid until the next call. */
  get(index: number): Uint8Array {
    const known = this.#decoded.get(index);
    if (known !== undefined) return known;
    const pixels = this.#decode(index);
    this.#decoded.set(index, pixels);
    const [oldest] = this.#decoded;
    const { rows, columns, orientation } = this.#grid;
    // A picture rotated by a quarter turn is read by columns.
    const room = orientation >= 5 ? rows : columns;
    if (oldest !== undefined && this.#decoded.size > room) {
      this.#decoded.delete(oldest[0]);
      freeBuffer(oldest[1]);
    }
    return pixels;
  }

  free(): void {
    for (const pixels of this.#decoded.values()) freeBuffer(pixels);
    this.#decoded.clear();
  }

  #decode(index: number): Uint8Array {
    const { tileWidth: width, tileHeight: height } = this.#grid;
    const tileFile = this.#tileFile(index);
    const block = CodecBlock.allocate(this.#magick, tileFile.length);
    if (block === undefined) throw new OutOfMemory(`a tile of ${width} × ${height} pixels`);
    block.view().set(tileFile);
    freeBuffer(tileFile);
    const header = { width, height, coding: "HEIC", orientation: 1 } as const;
    try {
      return readWithMagick(block, this.#format, header, this.#size, (tile) => {
        if (tile.width !== width || tile.height !== height || tile.channels !== CHANNELS) {
          throw new ServiceError(
            "invalid_image",
            "a tile of the picture does not have the size that the file states",
          );
        }
        return tile.readRows(0, height);
      });
    } finally {
      block.free();
    }
  }

  /**
   * @throws ServiceError `image_too_large`: ranges may overlap, so together they may claim more bytes than the file has
   */
  #tileFile(index: number): Uint8Array<ArrayBuffer> {
    const tile = this.#grid.tiles[index];
    if (tile === undefined) throw new Error(`the grid has no tile ${index}`);
    const ranges = [...tile.properties, ...tile.extents];
    const length = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    if (length > MAX_HEIF_FILE_BYTES) throw fileTooLarge("tile", length, MAX_HEIF_FILE_BYTES);
    const bytes = this.#file.view();
    const cut = ({ start, end }: Range): Uint8Array => bytes.subarray(start, end);
    return writeTile(tile.type, tile.properties.map(cut), tile.extents.map(cut));
  }
}

function gridArea({ width, height, columns, tileWidth, tileHeight }: Grid, tiles: TileCache): PixelArea {
  return {
    width,
    height,
    channels: CHANNELS,
    readArea(left, top, areaWidth, areaHeight) {
      const area = new Uint8Array(areaWidth * areaHeight * CHANNELS);
      for (let y = top; y < top + areaHeight; y = nextEdge(y, tileHeight)) {
        const endY = Math.min(nextEdge(y, tileHeight), top + areaHeight);
        for (let x = left; x < left + areaWidth; x = nextEdge(x, tileWidth)) {
          const endX = Math.min(nextEdge(x, tileWidth), left + areaWidth);
          const tile = tiles.get(Math.floor(y / tileHeight) * columns + Math.floor(x / tileWidth));
          for (let row = y; row < endY; row++) {
            const from = CHANNELS * ((row % tileHeight) * tileWidth + (x % tileWidth));
            const to = CHANNELS * ((row - top) * areaWidth + x - left);
            area.set(tile.subarray(from, from + CHANNELS * (endX - x)), to);
          }
        }
      }
      return area;
    },
  };
}

/** End of the tile that contains `at`. */
function nextEdge(at: number, tileLength: number): number {
  return (Math.floor(at / tileLength) + 1) * tileLength;
}
