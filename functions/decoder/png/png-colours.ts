/** Reads how a PNG stores colours (ISO/IEC 15948, 11.2.1–11.2.2 and 11.3.1.1). */
import type { PngHeader } from "../formats/read-png-header.ts";
import { pngChunks } from "./png-chunks.ts";

export interface PngColours {
  /** Bits of a sample. */
  depth: number;
  /** Samples of a pixel: 1 for gray and palettes, 2 for gray with alpha, 3 for RGB, 4 for RGBA. */
  samples: number;
  /** The palette: 256 RGBA colours. */
  palette: Uint8Array | undefined;
  /** The samples of the colour that is transparent, at full depth. */
  transparent: number[] | undefined;
  /** Channels of the unpacked picture. 3: RGB. 4: RGBA. */
  channels: 3 | 4;
}

interface ColourType {
  samples: number;
  depths: number[];
}

const PALETTE = 3;
const COLOUR_TYPES = new Map<number, ColourType>([
  [0, { samples: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { samples: 3, depths: [8, 16] }],
  [PALETTE, { samples: 1, depths: [1, 2, 4, 8] }],
  [4, { samples: 2, depths: [8, 16] }],
  [6, { samples: 4, depths: [8, 16] }],
]);

/** @returns undefined if PNG does not allow this combination or the palette is missing */
export function pngColours(file: DataView, { depth, colorType }: PngHeader): PngColours | undefined {
  const type = COLOUR_TYPES.get(colorType);
  if (type === undefined || !type.depths.includes(depth)) return undefined;
  const { samples } = type;
  const chunks = new Map<string, DataView>();
  for (const { type: name, at, length } of pngChunks(file)) {
    if (name === "PLTE" || name === "tRNS") {
      chunks.set(name, new DataView(file.buffer, file.byteOffset + at, length));
    }
  }
  const key = chunks.get("tRNS");
  if (colorType === PALETTE) {
    const colours = chunks.get("PLTE");
    if (colours === undefined) return undefined;
    const palette = rgbaPalette(colours, key);
    return { depth, samples, palette, transparent: undefined, channels: key === undefined ? 3 : 4 };
  }
  const hasAlpha = samples % 2 === 0;
  const transparent = hasAlpha || key === undefined ? undefined : keyColour(key, samples);
  const channels = hasAlpha || transparent !== undefined ? 4 : 3;
  return { depth, samples, palette: undefined, transparent, channels };
}

/** Makes a palette of RGBA. Indices beyond the file's palette are black, as in libpng. */
function rgbaPalette(colours: DataView, alphas: DataView | undefined): Uint8Array {
  const palette = new Uint8Array(4 * 256);
  for (let entry = 0; entry < 256; entry++) {
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * entry + channel;
      palette[4 * entry + channel] = at < colours.byteLength ? colours.getUint8(at) : 0;
    }
    palette[4 * entry + 3] = alphas !== undefined && entry < alphas.byteLength ? alphas.getUint8(entry) : 255;
  }
  return palette;
}

function keyColour(key: DataView, samples: number): number[] | undefined {
  if (key.byteLength < 2 * samples) return undefined;
  return Array.from({ length: samples }, (_, i) => key.getUint16(2 * i));
}
