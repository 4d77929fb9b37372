/** Places a picture on a larger, transparent canvas: an animation's first frame may be smaller than its canvas. */
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import type { PixelArea } from "./decoded-picture.ts";

export interface Placement {
  /** Size of the canvas, pixels. */
  width: number;
  height: number;
  /** Position of the picture's upper left corner on the canvas, pixels. */
  left: number;
  top: number;
}

/** @param placement must keep the whole picture on the canvas */
export function placeOnCanvas(picture: PixelArea, { width, height, left, top }: Placement): PixelArea {
  if (width === picture.width && height === picture.height) return picture;
  const { channels } = picture;
  return {
    width,
    height,
    channels: 4,
    readArea(areaLeft, areaTop, areaWidth, areaHeight) {
      const canvas = new Uint8Array(areaWidth * areaHeight * 4);
      // The part of the picture inside the area, in the canvas's coordinates.
      const [startX, startY] = [Math.max(areaLeft, left), Math.max(areaTop, top)];
      const endX = Math.min(areaLeft + areaWidth, left + picture.width);
      const endY = Math.min(areaTop + areaHeight, top + picture.height);
      if (startX >= endX || startY >= endY) return canvas;
      const pixels = picture.readArea(startX - left, startY - top, endX - startX, endY - startY);
      for (let y = startY, from = 0; y < endY; y++) {
        let to = ((y - areaTop) * areaWidth + startX - areaLeft) * 4;
        for (let x = startX; x < endX; x++, from += channels, to += 4) {
          for (let channel = 0; channel < 3; channel++) canvas[to + channel] = pixels[from + channel] ?? 0;
          canvas[to + 3] = channels === 4 ? (pixels[from + 3] ?? 0) : 255;
        }
      }
      freeBuffer(pixels);
      return canvas;
    },
  };
}
