/**
 * Turns a PNG into the model's input. Rows are resized as they arrive. Only a picture whose rows do not arrive in their
 * final order (interlaced or rotated) is first assembled in the codec's memory.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { CodecBlock } from "../codec-block.ts";
import type { PngHeader } from "../formats/read-png-header.ts";
import { OutOfMemory } from "../formats/pixel-limits.ts";
import type { MagickApi } from "../magick/magick-internals.ts";
import { CropResizer } from "../preprocess/crop-resizer.ts";
import type { PixelArea } from "../preprocess/decoded-picture.ts";
import { resizeAndCrop } from "../preprocess/resize-and-crop.ts";
import { upright } from "../preprocess/upright.ts";
import { wasmResampler } from "../preprocess/wasm-resampler.ts";
import { pngColours, type PngColours } from "./png-colours.ts";
import { readPng } from "./read-png.ts";

/**
 * @param size side of the square output, pixels
 * @param alive called after each pause; throws when the picture is no longer wanted
 * @returns uint8 RGB, `size × size × 3`
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export async function decodePng(
  file: CodecBlock,
  header: PngHeader,
  size: number,
  magick: MagickApi,
  alive: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = file.view();
  const colours = pngColours(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), header);
  if (colours === undefined) throw new ServiceError("invalid_image", "the PNG's header is damaged");
  if (header.coding === "interlaced PNG" || header.orientation !== 1) {
    return await decodeWhole(file, header, colours, size, magick, alive);
  }
  const { width, height } = header;
  const resizer = new CropResizer({ width, height, channels: colours.channels }, size, wasmResampler);
  await readPng(
    () => file.view(),
    header,
    colours,
    alive,
    (pixels, _, row) => {
      if (row >= resizer.firstRow && row < resizer.endRow) resizer.push(pixels);
    },
  );
  return resizer.finish();
}

async function decodeWhole(
  file: CodecBlock,
  header: PngHeader,
  colours: PngColours,
  size: number,
  magick: MagickApi,
  alive: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, orientation } = header;
  const { channels } = colours;
  const picture = CodecBlock.allocate(magick, width * height * channels);
  if (picture === undefined) throw new OutOfMemory(`a PNG of ${width} × ${height} pixels`);
  try {
    await readPng(
      () => file.view(),
      header,
      colours,
      alive,
      (pixels, { left, top, stepX, stepY }, row) => {
        const target = picture.view();
        let to = ((top + row * stepY) * width + left) * channels;
        for (let from = 0; from < pixels.length; from += channels, to += stepX * channels) {
          for (let channel = 0; channel < channels; channel++)
            target[to + channel] = pixels[from + channel] ?? 0;
        }
      },
    );
    return resizeAndCrop(upright(blockArea(picture, header, channels), orientation), size, wasmResampler);
  } finally {
    picture.free();
  }
}

function blockArea(block: CodecBlock, { width, height }: PngHeader, channels: 3 | 4): PixelArea {
  return {
    width,
    height,
    channels,
    readArea(left, top, areaWidth, areaHeight) {
      const pixels = block.view();
      const area = new Uint8Array(areaWidth * areaHeight * channels);
      for (let row = 0; row < areaHeight; row++) {
        const from = ((top + row) * width + left) * channels;
        area.set(pixels.subarray(from, from + areaWidth * channels), row * areaWidth * channels);
      }
      return area;
    },
  };
}
