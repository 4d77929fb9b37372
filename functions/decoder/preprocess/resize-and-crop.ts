/** Resizes and crops a picture to the model's input, reading the source strip by strip. */
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
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
  for (const rows of strips(picture, resizer)) resizer.push(rows);
  return resizer.finish();
}

/**
 * The same for a picture whose reading takes long, because it is decoded as it is read.
 * @param pause called after each strip
 */
export async function resizeAndCropWithPauses(
  picture: Picture,
  size: number,
  resampler: Resampler,
  pause: () => Promise<void>,
): Promise<Uint8Array<ArrayBuffer>> {
  const resizer = new CropResizer(picture, size, resampler);
  for (const rows of strips(picture, resizer)) {
    resizer.push(rows);
    await pause();
  }
  return resizer.finish();
}

/** The rows that are needed. Those of a strip are freed before the next strip is read. */
function* strips(picture: Picture, { firstRow, endRow }: CropResizer): Generator<Uint8Array> {
  const stripRows = Math.max(1, Math.floor(STRIP_BYTES / (picture.width * picture.channels)));
  for (let row = firstRow; row < endRow; row += stripRows) {
    const rows = picture.readRows(row, Math.min(stripRows, endRow - row));
    yield rows;
    freeBuffer(rows);
  }
}
