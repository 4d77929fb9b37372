/**
 * Decodes a picture that is made of tiles. Only the tiles of one row (or one column, if rotated) are in memory at once,
 * because 12 megapixels in one piece need more memory than an isolate has. They are in the codec's memory, whose maximum
 * bounds them: a file sets the size of its tiles, and one row may be the whole picture.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { CodecBlock } from "../codec-block.ts";
import type { MagickApi } from "../magick/magick-internals.ts";
import { OutOfMemory } from "../formats/pixel-limits.ts";
import { cropArea } from "../preprocess/crop-area.ts";
import type { PixelArea } from "../preprocess/decoded-picture.ts";
import { resizeAndCropWithPauses } from "../preprocess/resize-and-crop.ts";
import { upright } from "../preprocess/upright.ts";
import { wasmResampler } from "../preprocess/wasm-resampler.ts";
import { readWithMagick } from "../magick/read-with-magick.ts";
import type { Range } from "./boxes.ts";
import type { Grid } from "./read-grid.ts";
import { writeTile } from "./write-tile.ts";

const CHANNELS = 3;
/** Rows of a tile that are copied at a time, at most 3 MB. */
const COPIED_ROWS = 64;

/**
 * @param format format of the tiles
 * @param size side of the square output, pixels
 * @param alive called after each pause; throws when the picture is no longer wanted
 * @returns uint8 RGB, `size × size × 3`
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export async function decodeGrid(
  file: CodecBlock,
  grid: Grid,
  format: "heic" | "avif",
  size: number,
  magick: MagickApi,
  alive: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const tiles = new TileCache(file, grid, format, size, magick);
  try {
    const picture = upright(cropArea(gridArea(grid, tiles), grid.crop), grid.orientation);
    return await resizeAndCropWithPauses(picture, size, wasmResampler, async () => {
      await scheduler.wait(0);
      alive();
    });
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
  readonly #decoded = new Map<number, CodecBlock>();

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
    if (known !== undefined) return known.view();
    const [oldest] = this.#decoded;
    const { rows, columns, orientation } = this.#grid;
    // A picture rotated by a quarter turn is read by columns.
    const room = orientation >= 5 ? rows : columns;
    if (oldest !== undefined && this.#decoded.size >= room) {
      this.#decoded.delete(oldest[0]);
      oldest[1].free();
    }
    // Allocate before decoding, so that what decoding takes and frees is in one piece.
    const pixels = this.#allocate(this.#rowBytes() * this.#grid.tileHeight);
    this.#decoded.set(index, pixels);
    this.#decode(index, pixels);
    return pixels.view();
  }

  free(): void {
    for (const pixels of this.#decoded.values()) pixels.free();
    this.#decoded.clear();
  }

  #allocate(bytes: number): CodecBlock {
    const { tileWidth, tileHeight } = this.#grid;
    const block = CodecBlock.allocate(this.#magick, bytes);
    if (block === undefined)
      throw new OutOfMemory(`a picture in tiles of ${tileWidth} × ${tileHeight} pixels`);
    return block;
  }

  #rowBytes(): number {
    return this.#grid.tileWidth * CHANNELS;
  }

  #decode(index: number, pixels: CodecBlock): void {
    const { tileWidth: width, tileHeight: height } = this.#grid;
    const tileFile = this.#tileFile(index);
    const block = this.#allocate(tileFile.length);
    block.view().set(tileFile);
    freeBuffer(tileFile);
    const header = { width, height, coding: "HEIC", orientation: 1 } as const;
    try {
      readWithMagick(block, this.#format, header, this.#size, (tile) => {
        if (tile.width !== width || tile.height !== height || tile.channels !== CHANNELS) {
          throw new ServiceError(
            "invalid_image",
            "a tile of the picture does not have the size that the file states",
          );
        }
        for (let row = 0; row < height; row += COPIED_ROWS) {
          const rows = tile.readRows(row, Math.min(COPIED_ROWS, height - row));
          pixels.view().set(rows, row * this.#rowBytes());
          freeBuffer(rows);
        }
      });
    } finally {
      block.free();
    }
  }

  #tileFile(index: number): Uint8Array<ArrayBuffer> {
    const tile = this.#grid.tiles[index];
    if (tile === undefined) throw new Error(`the grid has no tile ${index}`);
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
