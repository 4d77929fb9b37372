/** Reads a PNG's `IHDR`, and the orientation in `eXIf` (ISO/IEC 15948). */
import { exifOrientation } from "./exif-orientation.ts";
import type { PictureHeader } from "./picture-header.ts";
import { unsupported } from "./unsupported-format.ts";
import { pngChunks } from "../png/png-chunks.ts";

export interface PngHeader extends PictureHeader {
  orientation: number;
  /** Bits of a sample. */
  depth: number;
  /** 0: gray, 2: RGB, 3: palette, 4: gray and alpha, 6: RGBA. */
  colorType: number;
}

const IHDR_AT = 16;

/** @throws ServiceError `unsupported_image_format` for Apple's variant, which is not a PNG by the standard */
export function readPngHeader(file: DataView): PngHeader | undefined {
  const [first] = pngChunks(file);
  if (first?.type === "CgBI") throw unsupported("the PNG is in Apple's own form for iOS apps (CgBI)");
  if (first?.type !== "IHDR" || first.length !== 13) return undefined;
  let orientation = 1;
  for (const { type, at, length } of pngChunks(file)) {
    if (type !== "eXIf") continue;
    orientation = exifOrientation(new DataView(file.buffer, file.byteOffset + at, length));
  }
  return {
    width: file.getUint32(IHDR_AT),
    height: file.getUint32(IHDR_AT + 4),
    depth: file.getUint8(IHDR_AT + 8),
    colorType: file.getUint8(IHDR_AT + 9),
    coding: file.getUint8(IHDR_AT + 12) === 0 ? "PNG" : "interlaced PNG",
    orientation,
  };
}
