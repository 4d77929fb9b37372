/** The resize in plain JavaScript, the reference for the SIMD kernels. */
import { PRECISION_BITS, type Taps } from "./bicubic-taps.ts";
import type { Resampler } from "./resampler.ts";

const ROUNDING = 2 ** (PRECISION_BITS - 1);

export const scalarResampler: Resampler = {
  narrowRow(source, { starts, counts, weights, stride }, target) {
    const out = new Uint8ClampedArray(target.buffer, target.byteOffset, target.byteLength);
    for (let x = 0; x < starts.length; x++) {
      let red = ROUNDING;
      let green = ROUNDING;
      let blue = ROUNDING;
      const end = x * stride + (counts[x] ?? 0);
      for (let tap = x * stride, at = 3 * (starts[x] ?? 0); tap < end; tap++, at += 3) {
        const weight = weights[tap] ?? 0;
        red = (red + Math.imul(weight, source[at] ?? 0)) | 0;
        green = (green + Math.imul(weight, source[at + 1] ?? 0)) | 0;
        blue = (blue + Math.imul(weight, source[at + 2] ?? 0)) | 0;
      }
      out[3 * x] = red >> PRECISION_BITS;
      out[3 * x + 1] = green >> PRECISION_BITS;
      out[3 * x + 2] = blue >> PRECISION_BITS;
    }
  },

  mixRows(narrow, taps, firstRow, rowBytes) {
    const outputs = taps.starts.length;
    const out = new Uint8ClampedArray(outputs * rowBytes);
    const sums = new Int32Array(rowBytes);
    for (let y = 0; y < outputs; y++) {
      sums.fill(ROUNDING);
      addRows(narrow, taps, y, firstRow, sums);
      for (let i = 0; i < rowBytes; i++) out[y * rowBytes + i] = (sums[i] ?? 0) >> PRECISION_BITS;
    }
    return new Uint8Array(out.buffer);
  },
};

function addRows(
  narrow: Uint8Array,
  { starts, counts, weights, stride }: Taps,
  y: number,
  firstRow: number,
  sums: Int32Array,
): void {
  const start = ((starts[y] ?? 0) - firstRow) * sums.length;
  for (let tap = 0; tap < (counts[y] ?? 0); tap++) {
    const weight = weights[y * stride + tap] ?? 0;
    const row = start + tap * sums.length;
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + Math.imul(weight, narrow[row + i] ?? 0);
  }
}
