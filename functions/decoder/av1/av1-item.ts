/** The pictures inside an AVIF, as its boxes describe them. */
import type { Range } from "../heif/boxes.ts";

/** Overrides the colour description in the pictures' own bitstream. Code points of ISO/IEC 23091-2. */
export interface ColourDescription {
  primaries: number;
  matrix: number;
  fullRange: boolean;
}

/** Where the pictures are in the file. */
export interface Av1Item {
  colour: Range[];
  alpha?: Range[];
  /** True if the colours are already multiplied by alpha. */
  premultiplied: boolean;
  description?: ColourDescription;
}
