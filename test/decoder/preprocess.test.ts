/** Compares the resize with a slow and plain version of the same steps, and the geometry with worked examples. */
import { describe, expect, it, vi } from "vitest";
import { jpegScale } from "../../functions/decoder/formats/jpeg-scale.ts";
import type { Picture } from "../../functions/decoder/preprocess/decoded-picture.ts";
import { planResize } from "../../functions/decoder/preprocess/plan-resize.ts";
import { CropResizer } from "../../functions/decoder/preprocess/crop-resizer.ts";
import {
  resizeAndCrop,
  resizeAndCropWithPauses,
} from "../../functions/decoder/preprocess/resize-and-crop.ts";
import { scalarResampler } from "../../functions/decoder/preprocess/scalar-resampler.ts";
import { simdResampler } from "../support/models/node-resampler.ts";

function noise(width: number, height: number): Picture {
  const pixels = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24,
  );
  return {
    width,
    height,
    channels: 3,
    readRows: (start, count) => pixels.slice(start * width * 3, (start + count) * width * 3),
  };
}

/** Keys' kernel with a = −1/2, as in the paper. */
function kernel(x: number): number {
  const t = Math.abs(x);
  if (t <= 1) return 1.5 * t ** 3 - 2.5 * t ** 2 + 1;
  return t < 2 ? -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 : 0;
}

/** One axis: every output is the mean of all inputs, weighted by the stretched kernel; clamped and rounded to uint8. */
function resizeAxis(line: number[], target: number): number[] {
  const scale = line.length / target;
  const stretch = Math.max(1, scale);
  return Array.from({ length: target }, (_, out) => {
    const weights = line.map((__, i) => kernel((i + 0.5 - (out + 0.5) * scale) / stretch));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const value = line.reduce((sum, sample, i) => sum + (sample * (weights[i] ?? 0)) / total, 0);
    return Math.min(255, Math.max(0, Math.round(value)));
  });
}

function slowly(picture: Picture, size: number): number[] {
  const { width, height, left, top } = planResize(picture.width, picture.height, size);
  const pixels = picture.readRows(0, picture.height);
  const channels = [0, 1, 2].map((channel) => {
    const rows = Array.from({ length: picture.height }, (_, y) =>
      resizeAxis(
        Array.from({ length: picture.width }, (__, x) => pixels[(y * picture.width + x) * 3 + channel] ?? 0),
        width,
      ),
    );
    const columns = Array.from({ length: size }, (_, x) =>
      resizeAxis(
        rows.map((row) => row[left + x] ?? 0),
        height,
      ),
    );
    return (x: number, y: number) => columns[x]?.[top + y] ?? 0;
  });
  return Array.from({ length: size * size * 3 }, (_, i) =>
    channels[i % 3]?.(Math.floor(i / 3) % size, Math.floor(i / 3 / size)),
  ).map((value) => value ?? 0);
}

/** Black and white with the sharpest edges, so that the filter overshoots. */
function edges(): Picture {
  return {
    width: 97,
    height: 97,
    channels: 3,
    readRows: (start, count) =>
      Uint8Array.from({ length: count * 97 * 3 }, (_, i) =>
        (Math.floor(i / 12) + Math.floor(start + i / 291)) % 2 === 0 ? 255 : 0,
      ),
  };
}

describe("resizeAndCrop", () => {
  it.each([
    [90, 61, 16],
    [61, 90, 16],
    [33, 32, 32],
    [32, 32, 32],
    [7, 10, 32],
    [1, 1, 8],
    [2, 300, 16],
    [301, 3, 16],
  ])("%i × %i to %i", (width, height, size) => {
    const picture = noise(width, height);
    const slow = slowly(picture, size);
    const fast = resizeAndCrop(picture, size, scalarResampler);
    expect(fast).toHaveLength(slow.length);
    const differences = slow.map((value, i) => Math.abs(value - (fast[i] ?? 0)));
    // 22-bit weights against doubles: rarely, a value rounds to the other side of a half.
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((difference) => difference > 0).length / differences.length).toBeLessThan(
      0.001,
    );
  });
});

describe("resizeAndCropWithPauses", () => {
  it("gives the same and pauses after each strip", async () => {
    // Two strips and a half of 1 MB.
    const [width, height] = [1000, 833];
    const picture = noise(width, height);
    const pause = vi.fn<() => Promise<void>>().mockResolvedValue();
    const found = await resizeAndCropWithPauses(picture, 32, scalarResampler, pause);
    expect(found).toEqual(resizeAndCrop(picture, 32, scalarResampler));
    expect(pause).toHaveBeenCalledTimes(3);
  });

  it("stops when a pause throws", async () => {
    const pause = vi.fn<() => Promise<void>>().mockRejectedValue(new Error("nobody waits"));
    const found = resizeAndCropWithPauses(noise(50, 50), 32, scalarResampler, pause);
    await expect(found).rejects.toThrow("nobody waits");
  });
});

describe("the kernels", () => {
  it("give the bytes of plain JavaScript, whatever the size, and whichever picture came before", async () => {
    const kernels = await simdResampler();
    const sizes = Array.from({ length: 60 }, (_, at): [number, number, number] => [
      1 + ((at * 977) % 700),
      1 + ((at * 1543) % 500),
      [1, 8, 32, 40, 64, 100][at % 6] ?? 1,
    ]);
    for (const [width, height, size] of [...sizes, [5000, 40, 32], [40, 5000, 32]] as const) {
      const expected = resizeAndCrop(noise(width, height), size, scalarResampler);
      expect(resizeAndCrop(noise(width, height), size, kernels), `${width} × ${height} to ${size}`).toEqual(
        expected,
      );
    }
  });

  it("take rows of two pictures alternately", async () => {
    const kernels = await simdResampler();
    const [wide, tall] = [noise(300, 90), noise(90, 300)];
    const resizers = [wide, tall].map((picture) => new CropResizer(picture, 32, kernels));
    for (let row = 0; row < 300; row++) {
      for (const [at, picture] of [wide, tall].entries()) {
        const resizer = resizers[at];
        if (resizer !== undefined && row >= resizer.firstRow && row < resizer.endRow) {
          resizer.push(picture.readRows(row, 1));
        }
      }
    }
    const found = resizers.map((resizer) => resizer.finish());
    expect(found).toEqual([wide, tall].map((picture) => resizeAndCrop(picture, 32, scalarResampler)));
  });

  it("clamp, at hard edges", async () => {
    const kernels = await simdResampler();
    expect(resizeAndCrop(edges(), 200, kernels)).toEqual(resizeAndCrop(edges(), 200, scalarResampler));
  });
});

describe("planResize", () => {
  it.each([
    // The long side is truncated: 256 × 1203 / 97 = 3174.9…
    [1203, 97, { width: 3174, height: 256, left: 1459, top: 0 }],
    [61, 700, { width: 256, height: 2937, left: 0, top: 1340 }],
    // Halves are rounded to the even neighbor, as in Python's `round`: 0.5 → 0, 1.5 → 2.
    [257, 256, { width: 257, height: 256, left: 0, top: 0 }],
    [259, 256, { width: 259, height: 256, left: 2, top: 0 }],
    [256, 261, { width: 256, height: 261, left: 0, top: 2 }],
  ])("%i × %i", (width, height, expected) => {
    expect(planResize(width, height, 256)).toEqual({ ...expected, size: 256 });
  });
});

describe("jpegScale", () => {
  it("keeps the short side at twice the target or more, and asks for eighths up to a half", () => {
    for (const target of [64, 256, 384]) {
      for (let short = 1; short < 8000; short += 13) {
        const scaled = jpegScale({ width: Math.ceil(short * 1.5), height: short }, target);
        // Not reduced, because half size would be too small.
        const kept = scaled?.height ?? 2 * target;
        const half = scaled === undefined ? Math.ceil(short / 2) : 0;
        expect(kept).toBeGreaterThanOrEqual(2 * target);
        expect(half).toBeLessThan(2 * target);
      }
    }
  });

  it.each([
    [4032, 3024, 256, { width: 1008, height: 756 }],
    [3000, 2000, 256, { width: 1125, height: 750 }],
    [3000, 2000, 64, { width: 375, height: 250 }],
    [1024, 768, 256, undefined],
  ])("%i × %i for %i", (width, height, target, expected) => {
    expect(jpegScale({ width, height }, target)).toEqual(expected);
  });
});
