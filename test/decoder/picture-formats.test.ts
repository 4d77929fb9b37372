/** Properties that formats other than PNG have: frames, canvases, colour spaces, alpha. */
import { ColorSpace, MagickFormat } from "@imagemagick/magick-wasm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encode, encodeFrames, type Painter } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";

const SIZE = 40;
const PAINT: Painter = (x, y) => [x * 6, y * 6, 100];
const FLAT: Painter = () => [0, 51, 204];
const OTHER: Painter = () => [255, 0, 0];

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

function painted(paint: Painter): Uint8Array {
  return Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return paint(pixel % SIZE, Math.floor(pixel / SIZE))[i % 3] ?? 0;
  });
}

function largestDifference(found: Uint8Array, expected: Uint8Array): number {
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 0))), 0);
}

it.each([
  ["GIF of 60 frames", MagickFormat.Gif, 60],
  ["WebP of 3 frames", MagickFormat.WebP, 3],
  ["TIFF of 3 pages", MagickFormat.Tiff, 3],
])("shows the first of a %s", async (_, format, frames) => {
  const file = encodeFrames(format, SIZE, SIZE, [FLAT, ...Array.from({ length: frames - 1 }, () => OTHER)]);
  // WebP's video colours (BT.601, 219 levels) change values by up to 5; the other frames differ by 200 and more.
  expect(largestDifference(await decodeOne(decoder, file, SIZE), painted(FLAT))).toBeLessThanOrEqual(8);
});

it("places a GIF's first frame on its canvas, with white around it", async () => {
  // 4 × 4, colours 0 (10, 20, 30) and 1 (200, 210, 220); a frame of 2 × 1 at (1, 1), both pixels colour 1.
  const file = Buffer.concat([
    Buffer.from("GIF89a"),
    Buffer.from([4, 0, 4, 0, 0x80, 0, 0, 10, 20, 30, 200, 210, 220]),
    Buffer.from([0x2c, 1, 0, 1, 0, 2, 0, 1, 0, 0, 2, 2, 0x4c, 0x0a, 0, 0x3b]),
  ]);
  const found = await decodeOne(decoder, file, 4);
  const colours = Array.from({ length: 16 }, (_, i) => found[3 * i]);
  expect(colours).toEqual([255, 255, 255, 255, 255, 200, 200, 255, ...Array.from({ length: 8 }, () => 255)]);
});

it("reads AVIF", async () => {
  const file = encode(MagickFormat.Avif, SIZE, SIZE, PAINT, (image) => {
    image.quality = 95;
  });
  // Lossy, with half the colour resolution: the sharpest edges move by a few levels.
  expect(largestDifference(await decodeOne(decoder, file, SIZE), painted(PAINT))).toBeLessThanOrEqual(8);
});

it.each([
  ["TIFF", MagickFormat.Tiff, 0],
  ["lossless WebP", MagickFormat.WebP, 0],
  // Alpha is coded without loss, colour is not; the result depends on both.
  ["AVIF", MagickFormat.Avif, 8],
])("puts the alpha of a %s on white", async (_, format, tolerance) => {
  const alpha = (x: number): number => (x < SIZE / 2 ? 0 : 128);
  const file = encode(
    format,
    SIZE,
    SIZE,
    (x) => [40, 80, 120, alpha(x)],
    (image) => {
      image.quality = 95;
      image.settings.setDefine(MagickFormat.WebP, "lossless", "true");
      image.settings.setDefine(MagickFormat.WebP, "exact", "true");
    },
  );
  const expected = painted((x) => {
    const over = (colour: number): number => Math.round((colour * alpha(x) + 255 * (255 - alpha(x))) / 255);
    return [over(40), over(80), over(120)];
  });
  expect(largestDifference(await decodeOne(decoder, file, SIZE), expected)).toBeLessThanOrEqual(tolerance);
});

it.each([
  ["CMYK", ColorSpace.CMYK],
  ["Lab", ColorSpace.Lab],
])("turns a TIFF in %s into RGB", async (_, colorSpace) => {
  const file = encode(MagickFormat.Tiff, SIZE, SIZE, PAINT, (image) => {
    image.colorSpace = colorSpace;
  });
  const found = await decodeOne(decoder, file, SIZE);
  // Conversion to 8 bits of another space and back: Lab has few levels for saturated dark colours, so it is 2.4 off on
  // average.
  const difference = found.reduce((sum, value, i) => sum + Math.abs(value - (painted(PAINT)[i] ?? 0)), 0);
  expect(difference / found.length).toBeLessThanOrEqual(4);
});

it("reads a TIFF of 16 bits within a level", async () => {
  const file = encode(MagickFormat.Tiff, SIZE, SIZE, PAINT, (image) => {
    image.depth = 16;
  });
  // The codec rounds where the reference truncates.
  expect(largestDifference(await decodeOne(decoder, file, SIZE), painted(PAINT))).toBeLessThanOrEqual(1);
});

it("ignores the unused byte of a 32-bit BMP", async () => {
  const header = Buffer.alloc(54);
  header.write("BM");
  header.writeUInt32LE(54 + 16, 2);
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(2, 18);
  header.writeInt32LE(-2, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(32, 28);
  const blueGreenRed = Buffer.from([30, 20, 10, 0]);
  const file = Buffer.concat([header, ...Array.from({ length: 4 }, () => blueGreenRed)]);
  expect([...(await decodeOne(decoder, file, 2))]).toEqual(
    Array.from({ length: 12 }, (_, i) => 10 * ((i % 3) + 1)),
  );
});
