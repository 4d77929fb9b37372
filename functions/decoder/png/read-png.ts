/**
 * Reads PNG without the codec. The codec holds a picture with alpha twice, which does not fit for a phone's 12
 * megapixels, and it rounds 16-bit samples where the reference truncates them. Here the runtime's own zlib inflates the
 * data and each row is used at once, so memory does not grow with the picture's height.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { ByteReader } from "../../runtime/bytes/byte-reader.ts";
import type { PngHeader } from "../formats/read-png-header.ts";
import { inflatedData } from "./inflated-data.ts";
import type { PngColours } from "./png-colours.ts";
import { type PngPass, pngPasses } from "./png-passes.ts";
import { unfilterRow } from "./unfilter-row.ts";
import { unpackRow } from "./unpack-row.ts";

/**
 * Reads the picture's rows in the order in which they are stored.
 * @param view gives the file's bytes; called again after every pause
 * @param alive called after each pause; throws when the picture is no longer wanted
 * @param use gets the pixels of one row of a pass, uint8 RGB or RGBA, valid during the call
 * @throws ServiceError `invalid_image`
 */
export async function readPng(
  view: () => Uint8Array<ArrayBuffer>,
  { width, height, coding }: PngHeader,
  colours: PngColours,
  alive: () => void,
  use: (pixels: Uint8Array, pass: PngPass, row: number) => void,
): Promise<void> {
  const data = new ByteReader(inflatedData(view));
  const pixelBits = colours.samples * colours.depth;
  const pixels = new Uint8Array(width * colours.channels);
  for (const pass of pngPasses(width, height, coding === "interlaced PNG")) {
    const rowBytes = Math.ceil((pass.width * pixelBits) / 8);
    let line = new Uint8Array(1 + rowBytes);
    let lineAbove = new Uint8Array(1 + rowBytes);
    const out = pixels.subarray(0, pass.width * colours.channels);
    for (let row = 0; row < pass.height; row++) {
      await takeLine(data, line);
      alive();
      const stored = line.subarray(1);
      unfilterRow(line[0] ?? 0, stored, lineAbove.subarray(1), Math.ceil(pixelBits / 8));
      unpackRow(stored, pass.width, colours, out);
      use(out, pass, row);
      [line, lineAbove] = [lineAbove, line];
    }
  }
}

async function takeLine(data: ByteReader, line: Uint8Array): Promise<void> {
  let complete;
  try {
    complete = await data.take(line.length, (piece, offset) => line.set(piece, offset));
  } catch (cause) {
    throw new ServiceError("invalid_image", "the PNG's data is damaged", { cause });
  }
  if (!complete) throw new ServiceError("invalid_image", "the PNG is cut short");
}
