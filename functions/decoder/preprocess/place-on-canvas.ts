/** Puts a picture on a larger transparent canvas: a GIF's first frame need not cover it. */
import { freeBuffer } from "../../runtime/free-buffer.ts";
import type { Picture } from "./picture.ts";

export interface Placement {
  /** Of the canvas, pixels. */
  width: number;
  height: number;
  /** Of the picture's upper left corner on it. */
  left: number;
  top: number;
}

/** @param placement such that the picture lies on the canvas whole */
export function placeOnCanvas(picture: Picture, { width, height, left, top }: Placement): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const { channels } = picture;
  return {
    width,
    height,
    channels: 4,
    readRows(start, count) {
      const canvas = new Uint8Array(count * width * 4);
      const first = Math.max(start, top);
      const end = Math.min(start + count, top + picture.height);
      if (first >= end) return canvas;
      const pixels = picture.readRows(first - top, end - first);
      for (let row = first, from = 0; row < end; row++) {
        let to = ((row - start) * width + left) * 4;
        for (let x = 0; x < picture.width; x++, from += channels, to += 4) {
          for (let channel = 0; channel < 3; channel++) canvas[to + channel] = pixels[from + channel] ?? 0;
          canvas[to + 3] = channels === 4 ? (pixels[from + 3] ?? 0) : 255;
        }
      }
      freeBuffer(pixels);
      return canvas;
    },
  };
}
