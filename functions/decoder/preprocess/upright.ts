/**
 * Applies the EXIF orientation while rows are read. The codec could turn the picture itself, but would hold it twice:
 * for 12 megapixels, that alone is 48 MB.
 */
import { freeBuffer } from "../../runtime/free-buffer.ts";
import type { Picture, PixelArea } from "./decoded-picture.ts";

/** EXIF 2.32, tag 0x0112: 5–8 lie on their side. */
const FIRST_ON_ITS_SIDE = 5;
/** Orientations whose upright rows, or columns if on its side, are the source's in reverse. */
const ROWS_REVERSED = new Set([3, 4, 7, 8]);
/** Orientations whose pixels inside such a row are the source's in reverse. */
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
