/** Resizes and crops a picture to the model's input, reading the source strip by strip. */
import { freeBuffer } from "../../runtime/free-buffer.ts";
import { CropResizer } from "./crop-resizer.ts";
import type { Picture } from "./decoded-picture.ts";
import type { Resampler } from "./resampler.ts";

/** Bytes of source rows read at a time. */
const STRIP_BYTES = 1_000_000;

/**
 * @param size side of the square output, pixels
 * @returns uint8 RGB, `size × size × 3`
 */
export function resizeAndCrop(picture: Picture, size: number, resampler: Resampler): Uint8Array<ArrayBuffer> {
  const resizer = new CropResizer(picture, size, resampler);
  const stripRows = Math.max(1, Math.floor(STRIP_BYTES / (picture.width * picture.channels)));
  for (let row = resizer.firstRow; row < resizer.endRow; row += stripRows) {
    const rows = picture.readRows(row, Math.min(stripRows, resizer.endRow - row));
    resizer.push(rows);
    freeBuffer(rows);
  }
  return resizer.finish();
}
