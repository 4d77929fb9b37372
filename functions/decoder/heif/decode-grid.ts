/**
 * A picture of tiles → what the model sees of it, with as many tiles in memory as one row or column of the picture
 * has. 12 megapixels in one piece would take more than an isolate has.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { freeBuffer } from "../../runtime/free-buffer.ts";
import { CodecBlock } from "../codec-block.ts";
import type { MagickApi } from "../magick.ts";
import type { PixelArea } from "../preprocess/picture.ts";
import { resizeAndCrop } from "../preprocess/resize-and-crop.ts";
import { upright } from "../preprocess/upright.ts";
import { readWithMagick } from "../read-with-magick.ts";
import { type Grid, readGrid } from "./read-grid.ts";
import { writeTile } from "./write-tile.ts";
import { tooMuchMemory } from "../formats/pixel-limits.ts";

const CHANNELS = 3;

/**
 * @param format of the tiles
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
  return resizeAndCrop(upright(gridArea(grid, tiles), grid.orientation), size);
}

/** Decoded tiles; those not used for longest go. */
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

  /** uint8 RGB of a whole tile, valid until the next is asked for. */
  get(index: number): Uint8Array {
    const known = this.#decoded.get(index);
    if (known !== undefined) return known;
    const pixels = this.#decode(index);
    this.#decoded.set(index, pixels);
    const [oldest] = this.#decoded;
    const { rows, columns, orientation } = this.#grid;
    // On its side, the picture is read by columns.
    const room = orientation >= 5 ? rows : columns;
    if (oldest !== undefined && this.#decoded.size > room) {
      this.#decoded.delete(oldest[0]);
      freeBuffer(oldest[1]);
    }
    return pixels;
  }

  #decode(index: number): Uint8Array {
    const { tileWidth: width, tileHeight: height } = this.#grid;
    const length = totalLength(this.#tileFile(index));
    const block = CodecBlock.allocate(this.#magick, length);
    if (block === undefined) throw tooMuchMemory(`a tile of ${width} × ${height} pixels`);
    let at = 0;
    // Made again: the codec's memory may have moved to make room.
    for (const piece of this.#tileFile(index)) {
      block.view().set(piece, at);
      at += piece.length;
    }
    const header = { width, height, coding: "HEIC", orientation: 1 } as const;
    return readWithMagick(block, this.#format, header, this.#size, (tile) => {
      if (tile.width !== width || tile.height !== height || tile.channels !== CHANNELS) {
        throw new ServiceError("invalid_image", "a tile of the picture is not what it says");
      }
      return tile.readRows(0, height);
    });
  }

  /** Pieces that lie in the codec's memory, valid until it grows. */
  #tileFile(index: number): Uint8Array[] {
    const bytes = this.#file.view();
    const item = readGrid(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))?.tiles[index];
    if (item === undefined) throw new Error("the grid has changed");
    return writeTile(item);
  }
}

function totalLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
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

/** Where the tile ends that `at` is in. */
function nextEdge(at: number, tileLength: number): number {
  return (Math.floor(at / tileLength) + 1) * tileLength;
}
