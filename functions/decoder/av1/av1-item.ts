/** What an AVIF's boxes say of the pictures inside it. */
import type { Range } from "../heif/boxes.ts";

/** Goes before what the pictures' own bitstream says. Code points of ISO/IEC 23091-2. */
export interface ColourDescription {
  primaries: number;
  matrix: number;
  fullRange: boolean;
}

/** Where the pictures are in the file. */
export interface Av1Item {
  colour: Range[];
  alpha?: Range[];
  /** Whether the colours are multiplied by alpha already. */
  premultiplied: boolean;
  description?: ColourDescription;
}
