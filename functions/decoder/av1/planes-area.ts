/** Presents planes of luma, chroma and alpha as an RGB or RGBA picture. Only the requested rectangle is converted. */
import type { PixelArea } from "../preprocess/decoded-picture.ts";
import { addWhite } from "../preprocess/composite-on-white.ts";
import { colourTables, isRgb } from "./colour-tables.ts";
import type { ColourDescription } from "./av1-item.ts";
import { type Plane, type Planes, samplesOf } from "./dav1d.ts";

type Samples = Uint8Array | Uint16Array;

/**
 * @param alpha planes of the same size
 * @param premultiplied true if the colours are already multiplied by alpha; the result is then RGB, composited on white
 */
export function planesArea(
  planes: Planes,
  alpha: Planes | undefined,
  premultiplied: boolean,
  description: ColourDescription | undefined,
): PixelArea {
  const onWhite = alpha !== undefined && premultiplied;
  const convert = converter(planes, description);
  const opacity = alpha && colourTables(alpha.bits, alpha.fullRange, 1).luma;
  return {
    width: planes.width,
    height: planes.height,
    channels: alpha === undefined || onWhite ? 3 : 4,
    readArea(left, top, width, height) {
      const channels = alpha === undefined ? 3 : 4;
      const pixels = new Uint8ClampedArray(width * height * channels);
      for (let row = 0; row < height; row++) {
        const target = pixels.subarray(row * width * channels, (row + 1) * width * channels);
        convert(target, channels, left, top + row, width);
        if (alpha === undefined || opacity === undefined) continue;
        const samples = samplesOf(alpha.y, alpha.bits, left, top + row, width);
        for (let x = 0; x < width; x++) target[4 * x + 3] = opacity[samples[x] ?? 0] ?? 0;
      }
      const bytes = new Uint8Array(pixels.buffer);
      return onWhite ? addWhite(bytes) : bytes;
    },
  };
}

type Convert = (target: Uint8ClampedArray, channels: 3 | 4, left: number, row: number, width: number) => void;

function converter(planes: Planes, description: ColourDescription | undefined): Convert {
  const { bits, chroma } = planes;
  const { matrix, fullRange, primaries } = { primaries: undefined, ...planes, ...description };
  const tables = colourTables(bits, fullRange, matrix, primaries);
  const { luma, redOfU, redOfV, greenOfU, greenOfV, blueOfU, blueOfV } = tables;
  // A file may claim that its planes are RGB and still store chroma at half size.
  const areColours = isRgb(matrix) && chroma?.across === 1 && chroma.down === 1;
  return (target, channels, left, row, width) => {
    const y = samplesOf(planes.y, bits, left, row, width);
    if (chroma === undefined) {
      for (let x = 0, to = 0; x < width; x++, to += channels) {
        target[to] = target[to + 1] = target[to + 2] = luma[y[x] ?? 0] ?? 0;
      }
      return;
    }
    const u = chromaRow(planes, planes.u, left, row, width);
    const v = chromaRow(planes, planes.v, left, row, width);
    if (areColours) {
      for (let x = 0, to = 0; x < width; x++, to += channels) {
        target[to] = luma[v[x] ?? 0] ?? 0;
        target[to + 1] = luma[y[x] ?? 0] ?? 0;
        target[to + 2] = luma[u[x] ?? 0] ?? 0;
      }
      return;
    }
    for (let x = 0, to = 0; x < width; x++, to += channels) {
      const light = luma[y[x] ?? 0] ?? 0;
      const [blueness, redness] = [u[x] ?? 0, v[x] ?? 0];
      target[to] = light + (redOfU[blueness] ?? 0) + (redOfV[redness] ?? 0);
      target[to + 1] = light + (greenOfU[blueness] ?? 0) + (greenOfV[redness] ?? 0);
      target[to + 2] = light + (blueOfU[blueness] ?? 0) + (blueOfV[redness] ?? 0);
    }
  };
}

/**
 * A row of chroma with one sample for each luma sample. Values between two chroma samples are interpolated along each
 * axis: three quarters of the nearer and one quarter of the farther. This takes chroma to be centred among the luma
 * samples that share it, as libyuv does for libavif.
 */
function chromaRow(planes: Planes, plane: Plane, left: number, row: number, width: number): Samples {
  const { bits, chroma } = planes;
  if (chroma === undefined || chroma.across === 1) return samplesOf(plane, bits, left, row, width);
  const [columns, rows] = [Math.ceil(planes.width / 2), Math.ceil(planes.height / chroma.down)];
  const nearer = Math.floor(row / chroma.down);
  const farther =
    chroma.down === 1 ? nearer : Math.min(rows - 1, Math.max(0, nearer + (row % 2 === 0 ? -1 : 1)));
  const near = samplesOf(plane, bits, 0, nearer, columns);
  const far = samplesOf(plane, bits, 0, farther, columns);
  const whole = new Uint16Array(width);
  for (let x = 0; x < width; x++) {
    const column = (left + x) >> 1;
    const beside = Math.min(columns - 1, Math.max(0, column + ((left + x) % 2 === 0 ? -1 : 1)));
    const here = 3 * (near[column] ?? 0) + (far[column] ?? 0);
    const there = 3 * (near[beside] ?? 0) + (far[beside] ?? 0);
    whole[x] = (3 * here + there + 8) >> 4;
  }
  return whole;
}
