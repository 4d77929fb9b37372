/** Presents a rectangle of a picture as a picture. */
import { ServiceError } from "../../runtime/errors.ts";
import type { PixelArea } from "./decoded-picture.ts";

/** A rectangle of a picture, pixels. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * @param crop undefined: the whole picture
 * @throws ServiceError `invalid_image` for a crop that reaches beyond the picture
 */
export function cropArea(picture: PixelArea, crop: Area | undefined): PixelArea {
  if (crop === undefined) return picture;
  if (crop.left + crop.width > picture.width || crop.top + crop.height > picture.height) {
    throw new ServiceError("invalid_image", "the picture's crop reaches beyond its edges");
  }
  return {
    ...picture,
    width: crop.width,
    height: crop.height,
    readArea: (left, top, width, height) => picture.readArea(crop.left + left, crop.top + top, width, height),
  };
}
