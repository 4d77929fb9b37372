/**
 * Converts a stored PNG row to 8-bit RGB or RGBA. For 16-bit samples it keeps the high byte instead of rounding, as the
 * reference does. Samples of fewer bits are scaled to the whole range.
 */
import type { PngColours } from "./png-colours.ts";

/** @param out uint8, `pixels × colours.channels` */
export function unpackRow(row: Uint8Array, pixels: number, colours: PngColours, out: Uint8Array): void {
  const { depth, samples, palette, channels, transparent } = colours;
  if (palette !== undefined) return unpackIndices(row, pixels, depth, palette, channels, out);
  if (depth === 8 && samples === channels) return out.set(row);
  const bytes = depth === 16 ? 2 : 1;
  const gray = samples < 3;
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  for (let pixel = 0, from = 0, to = 0; pixel < pixels; pixel++, from += samples * bytes, to += channels) {
    if (depth < 8) {
      out[to] = out[to + 1] = out[to + 2] = bitsAt(row, pixel, depth) * scale;
    } else {
      out[to] = row[from] ?? 0;
      out[to + 1] = row[gray ? from : from + bytes] ?? 0;
      out[to + 2] = row[gray ? from : from + 2 * bytes] ?? 0;
    }
    if (channels === 3) continue;
    if (transparent === undefined) {
      out[to + 3] = row[from + (samples - 1) * bytes] ?? 0;
    } else {
      const matches = transparent.every((value, i) => value === sampleAt(row, pixel * samples + i, depth));
      out[to + 3] = matches ? 0 : 255;
    }
  }
}

function unpackIndices(
  row: Uint8Array,
  pixels: number,
  depth: number,
  palette: Uint8Array,
  channels: 3 | 4,
  out: Uint8Array,
): void {
  for (let pixel = 0, to = 0; pixel < pixels; pixel++) {
    const entry = 4 * bitsAt(row, pixel, depth);
    for (let channel = 0; channel < channels; channel++) out[to++] = palette[entry + channel] ?? 0;
  }
}

/** The sample at `index`, at full depth. */
function sampleAt(row: Uint8Array, index: number, depth: number): number {
  if (depth < 16) return bitsAt(row, index, depth);
  return ((row[2 * index] ?? 0) << 8) | (row[2 * index + 1] ?? 0);
}

/** The value of 1, 2, 4 or 8 bits at `index`. The first value in a byte is in its highest bits. */
function bitsAt(row: Uint8Array, index: number, depth: number): number {
  const bit = index * depth;
  return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
