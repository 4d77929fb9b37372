/** Decodes an AVIF that holds one picture, with or without alpha. */
import { ServiceError } from "../../runtime/errors.ts";
import { CodecBlock } from "../codec-block.ts";
import { codecBytes, codecImports } from "../codec-memory.ts";
import type { PictureHeader } from "../formats/picture-header.ts";
import { fileTooLarge, MAX_FILE_BYTES, MAX_PIXELS_AVIF, OutOfMemory } from "../formats/pixel-limits.ts";
import type { Range } from "../heif/boxes.ts";
import { discardMagick } from "../magick/magick.ts";
import type { PixelArea } from "../preprocess/decoded-picture.ts";
import type { Av1Item } from "./av1-item.ts";
import { planesArea } from "./planes-area.ts";
import { type Av1Failure, type Block, Dav1d, type Planes } from "./dav1d.ts";

/**
 * @param file may be in a codec's heap; the heap's instance and the file are lost afterwards
 * @param use gets the picture as stored; its pixels are valid only during the call
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export function readAvif<T>(
  file: CodecBlock,
  header: PictureHeader,
  { colour, alpha, premultiplied, description }: Av1Item,
  use: (pixels: PixelArea) => T,
): T {
  const part = file.part();
  discardMagick();
  const { imports, keptAt } = codecImports(part);
  try {
    const dav1d = new Dav1d(imports);
    // Copy both before decoding: a decoded picture may overwrite the file.
    const [colourData, alphaData] = [colour, alpha ?? []].map((ranges) =>
      copy(dav1d, ranges, keptAt, header),
    );
    if (colourData === undefined) throw new ServiceError("invalid_image", "the AVIF has no picture");
    const opacity = alphaData && checked(dav1d.decodeAlpha(alphaData, header), header);
    const planes = checked(dav1d.decodeColour(colourData, MAX_PIXELS_AVIF), header);
    return use(planesArea(planes, opacity, premultiplied, description));
  } finally {
    CodecBlock.forgetAll();
  }
}

/** Joins ranges of the file in one block; undefined if they hold no bytes. */
function copy(
  dav1d: Dav1d,
  ranges: readonly Range[],
  fileAt: number,
  header: PictureHeader,
): Block | undefined {
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes === 0) return undefined;
  // Ranges may overlap, so their sum may be more than the file's size.
  if (bytes > MAX_FILE_BYTES) throw fileTooLarge("picture", bytes, MAX_FILE_BYTES);
  const at = dav1d.allocate(bytes);
  if (at === undefined) throw tooLarge(header);
  let to = at;
  for (const { start, end } of ranges) {
    codecBytes().copyWithin(to, fileAt + start, fileAt + end);
    to += end - start;
  }
  return { at, bytes };
}

/** @throws ServiceError if decoding failed or the planes do not have the size stated in the file */
function checked(planes: Planes | Av1Failure, header: PictureHeader): Planes {
  if (planes === "out of memory") throw tooLarge(header);
  if (planes === "damaged") throw new ServiceError("invalid_image", "the AVIF cannot be decoded");
  if (planes.width !== header.width || planes.height !== header.height) {
    throw new ServiceError(
      "invalid_image",
      "the AVIF's picture does not have the size that its header states",
    );
  }
  return planes;
}

/**
 * Final, without a retry: the instance is new and the only user of the memory, so another one would have no more room.
 */
function tooLarge({ width, height }: PictureHeader): OutOfMemory {
  return new OutOfMemory(`an AVIF of ${width} × ${height} pixels`);
}
