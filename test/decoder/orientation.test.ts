/** All eight EXIF orientations, wherever a format stores them, and HEIC's own rotation, which replaces EXIF's. */
import { MagickFormat, Orientation } from "@imagemagick/magick-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode, type Painter } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";
import { exifBlock, writeHeic } from "./support/write-heic.ts";
import { pngChunk, writePng } from "./support/write-png.ts";

const SIZE = 48;
const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8];
/** A picture without any symmetry, smooth enough to survive JPEG and its colour subsampling. */
const PAINT: Painter = (x, y) => [x * 5, y * 5, (x + 2 * y) % 256];

/** The position in the stored picture of a pixel of the upright one (EXIF 2.32, table 6). */
const SOURCES: Record<number, (x: number, y: number, last: number) => [x: number, y: number]> = {
  1: (x, y) => [x, y],
  2: (x, y, last) => [last - x, y],
  3: (x, y, last) => [last - x, last - y],
  4: (x, y, last) => [x, last - y],
  5: (x, y) => [y, x],
  6: (x, y, last) => [y, last - x],
  7: (x, y, last) => [last - y, last - x],
  8: (x, y, last) => [last - y, x],
};

let decoder: DecoderUnderTest;

beforeAll(async () => {
  decoder = await startDecoder();
});

afterAll(async () => {
  await decoder.dispose();
});

function turned(pixels: Uint8Array, orientation: number): Uint8Array {
  return pixels.map((_, i) => {
    const [x, y] = [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE)];
    const [fromX, fromY] = SOURCES[orientation]?.(x, y, SIZE - 1) ?? [0, 0];
    return pixels[(fromY * SIZE + fromX) * 3 + (i % 3)] ?? 0;
  });
}

const APP1 = (orientation: number): Buffer =>
  Buffer.concat([Buffer.from([0xff, 0xe1, 0, 34]), Buffer.from("Exif\0\0"), exifBlock(orientation)]);

/** A chunk of even length. */
function riff(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(type), length, data]);
}

const FILES: [format: string, file: (orientation: number) => Uint8Array][] = [
  [
    "PNG",
    (orientation) =>
      writePng({
        width: SIZE,
        height: SIZE,
        depth: 8,
        colorType: 2,
        sample: (x, y, channel) => PAINT(x, y)[channel] ?? 0,
        chunks: [pngChunk("eXIf", exifBlock(orientation))],
      }),
  ],
  [
    "JPEG",
    (orientation) => {
      const plain = Buffer.from(encode(MagickFormat.Jpeg, SIZE, SIZE, PAINT));
      return Buffer.concat([plain.subarray(0, 2), APP1(orientation), plain.subarray(2)]);
    },
  ],
  [
    "WebP",
    (orientation) => {
      const plain = Buffer.from(encode(MagickFormat.WebP, SIZE, SIZE, PAINT));
      const canvas = Buffer.from([0x08, 0, 0, 0, SIZE - 1, 0, 0, SIZE - 1, 0, 0]);
      const chunks = [riff("VP8X", canvas), plain.subarray(12), riff("EXIF", exifBlock(orientation))];
      return riff("RIFF", Buffer.concat([Buffer.from("WEBP"), ...chunks]));
    },
  ],
  [
    "TIFF",
    (orientation) =>
      encode(MagickFormat.Tiff, SIZE, SIZE, PAINT, (image) => {
        image.orientation = orientation as Orientation;
      }),
  ],
];

describe.each(FILES)("EXIF orientation in %s", (_, file) => {
  it.each(ORIENTATIONS)("%i", async (orientation) => {
    const upright = await decodeOne(decoder, file(1), SIZE);
    expect(turned(upright, orientation).every((value, i) => value === upright[i])).toBe(orientation === 1);
    expect(await decodeOne(decoder, file(orientation), SIZE)).toEqual(turned(upright, orientation));
  });
});

const sample = (x: number, y: number, channel: number): number => PAINT(x, y)[channel] ?? 0;

/** Orientation 6. */
function typedExif(type: number, bytes: number, littleEndian: boolean): Buffer {
  const block = Buffer.from(exifBlock(1));
  if (littleEndian) {
    block.write("II*\0", "latin1");
    for (const [at, length] of [
      [4, 4],
      [8, 2],
      [10, 2],
    ] as const)
      block.subarray(at, at + length).reverse();
  }
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  view.setUint16(12, type, littleEndian);
  view.setUint32(14, 1, littleEndian);
  view.setUint32(18, 0);
  if (bytes === 1) view.setUint8(18, 6);
  else if (bytes === 2) view.setUint16(18, 6, littleEndian);
  else view.setUint32(18, 6, littleEndian);
  return block;
}

const png = (block: Buffer): Uint8Array =>
  writePng({
    width: SIZE,
    height: SIZE,
    depth: 8,
    colorType: 2,
    sample,
    chunks: [pngChunk("eXIf", block)],
  });

describe("an orientation of any integer type", () => {
  it.each([
    ["BYTE", 1, 1],
    ["SHORT", 3, 2],
    ["LONG", 4, 4],
    ["SLONG", 9, 4],
  ])("%s", async (_, type, bytes) => {
    const upright = await decodeOne(decoder, png(exifBlock(1)), SIZE);
    for (const littleEndian of [false, true]) {
      const block = typedExif(type, bytes, littleEndian);
      expect(await decodeOne(decoder, png(block), SIZE)).toEqual(turned(upright, 6));
      const plain = Buffer.from(encode(MagickFormat.Jpeg, SIZE, SIZE, PAINT));
      const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 34]), Buffer.from("Exif\0\0"), block]);
      const jpeg = Buffer.concat([plain.subarray(0, 2), segment, plain.subarray(2)]);
      const plainPixels = await decodeOne(decoder, plain, SIZE);
      expect(await decodeOne(decoder, jpeg, SIZE)).toEqual(turned(plainPixels, 6));
    }
  });
});

describe("HEIC", () => {
  const luma = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => (i % SIZE) * 3 + Math.floor(i / SIZE) * 2);
  const gray = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => luma[Math.floor(i / 3)] ?? 0);
  /** Quarter turns counter-clockwise, and the equivalent orientation. */
  const TURNS = [
    [0, 1],
    [1, 8],
    [2, 3],
    [3, 6],
  ];

  it.each(TURNS)("is turned %i times, and not again by its EXIF (%i)", async (turns, orientation) => {
    const file = writeHeic(luma, SIZE, SIZE, { turns, exif: orientation });
    expect(await decodeOne(decoder, file, SIZE)).toEqual(turned(gray, orientation));
  });

  it("without a rotation is shown as stored, whatever its EXIF says", async () => {
    const file = writeHeic(luma, SIZE, SIZE, { exif: 6 });
    expect(await decodeOne(decoder, file, SIZE)).toEqual(gray);
  });
});
