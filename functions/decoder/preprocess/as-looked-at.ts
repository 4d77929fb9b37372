/** Shows a decoded picture as a viewer would: placed on its canvas or cropped, and upright. */
import type { PictureHeader } from "../formats/picture-header.ts";
import { cropArea } from "./crop-area.ts";
import type { Picture, PixelArea } from "./decoded-picture.ts";
import { placeOnCanvas } from "./place-on-canvas.ts";
import { upright } from "./upright.ts";

export function asLookedAt(
  area: PixelArea,
  { width, height, placement, crop, orientation = 1 }: PictureHeader,
): Picture {
  const placed = placement === undefined ? area : placeOnCanvas(area, { width, height, ...placement });
  return upright(cropArea(placed, crop), orientation);
}
