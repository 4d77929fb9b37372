/**
 * Applies the EXIF orientation while rows are read. The codec could rotate the picture itself, but would then hold it
 * twice: 48 MB more for 12 megapixels.
 */
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import type { Picture, PixelArea } from "./decoded-picture.ts";

/** EXIF 2.32, tag 0x0112: values 5–8 rotate by a quarter turn. */
const FIRST_ON_ITS_SIDE = 5;
/** Orientations whose output rows are the source's rows in reverse order (its columns, for 5–8). */
const ROWS_REVERSED = new Set([3, 4, 7, 8]);
/** Orientations whose pixels within such a row are the source's in reverse order. */
const PIXELS_REVERSED = new Set([2, 3, 6, 7]);

/** @param orientation 1–8; anything else counts as 1 */
export function upright(source: PixelArea, orientation: number): Picture {
  const { channels } = source;
  const onItsSide = orientation >= FIRST_ON_ITS_SIDE && orientation <= 8;
  const [width, height] = onItsSide ? [source.height, source.width] : [source.width, source.height];
  const rowsReversed = ROWS_REVERSED.has(orientation);
  const pixelsReversed = PIXELS_REVERSED.has(orientation);
  return {
    width,
    height,
    channels,
    readRows(start, count) {
      const first = rowsReversed ? height - start - count : start;
      const area = onItsSide
        ? source.readArea(first, 0, count, width)
        : source.readArea(0, first, width, count);
      if (!onItsSide && !rowsReversed && !pixelsReversed) return area;
      const rows = new Uint8Array(area.length);
      for (let row = 0, to = 0; row < count; row++) {
        const from = rowsReversed ? count - 1 - row : row;
        for (let x = 0; x < width; x++) {
          const along = pixelsReversed ? width - 1 - x : x;
          const at = channels * (onItsSide ? along * count + from : from * width + along);
          for (let channel = 0; channel < channels; channel++) rows[to++] = area[at + channel] ?? 0;
        }
      }
      freeBuffer(area);
      return rows;
    },
  };
}
