/**
 * Files that are not pictures, or cannot be decoded, are refused with a code, and do not affect the files after them.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeOne, type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";
import { pngChunk, writePng } from "./support/write-png.ts";

const IMAGES = join(import.meta.dirname, "../fixtures/pictures/images");
const SIZE = 64;

let decoder: DecoderUnderTest;
let good: Uint8Array;

beforeAll(async () => {
  decoder = await startDecoder();
  good = await readFile(join(IMAGES, "exact.png"));
});

afterAll(async () => {
  await decoder.dispose();
});

const SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>";

describe("a file that is not a picture", () => {
  it.each([
    ["plain text", "this is a text file, whatever its name says"],
    ["SVG", `<?xml version="1.0"?>${SVG}`],
    ["MVG", "push graphic-context\nimage over 0,0 0,0 'https://example.com/'\npop graphic-context"],
    ["MSL", '<?xml version="1.0"?><image><read filename="/etc/passwd"/></image>'],
    ["a URL", "https://example.com/cat.jpg"],
    ["a codec's prefix", "png:/etc/passwd"],
    ["PostScript", "%!PS-Adobe-3.0\n(/etc/passwd) (r) file"],
    ["PDF", "%PDF-1.7\n"],
    ["PPM, which the codec could read", "P6 1 1 255\nabc"],
    ["a single byte", "B"],
    ["BM and no more", "BM"],
    ["an MP4", "\0\0\0\u0018ftypisom\0\0\0\0isomavc1"],
  ])("%s", async (_, text) => {
    const { code, message } = await refusalOf(decoder, Buffer.from(text, "latin1"));
    expect(code).toBe("unsupported_image_format");
    expect(message).toContain("JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC");
  });

  it("an empty file", async () => {
    expect(await refusalOf(decoder, new Uint8Array(0))).toEqual({
      code: "invalid_image",
      message: "the file is empty",
    });
  });
});

describe("a picture that is cut short", () => {
  const NAMES = [
    "rgb.png",
    "gray16.png",
    "q90_444.jpg",
    "progressive.jpg",
    "cmyk.jpg",
    "lossy.webp",
    "lossless.webp",
    "plain.gif",
    "plain.bmp",
    "plain.tiff",
  ];

  it.each(NAMES)("%s", async (name) => {
    const whole = await readFile(join(IMAGES, name));
    for (const part of [0.02, 0.1, 0.5, 0.9, 0.99]) {
      const cut = whole.subarray(0, Math.max(32, Math.floor(whole.length * part)));
      const { code } = await refusalOf(decoder, cut);
      expect(code, `${name} cut at ${part}`).toBe("invalid_image");
    }
  });
});

function png(chunks: Buffer[], header: { colorType?: number } = {}): Uint8Array {
  return writePng({ width: 8, height: 8, depth: 8, colorType: 2, sample: () => 0, chunks, ...header });
}

describe("a picture that is damaged", () => {
  it.each<[what: string, file: () => Uint8Array]>([
    ["a PNG without its palette", () => png([], { colorType: 3 })],
    ["a PNG with an unknown colour type", () => patched(png([]), 25, 5)],
    ["a PNG of 3 bits", () => patched(png([]), 24, 3)],
    ["a PNG with width 0", () => patched(png([]), 19, 0)],
    [
      "a PNG whose data is not zlib",
      () => Buffer.concat([png([]).subarray(0, 33), pngChunk("IDAT", Buffer.alloc(99, 7))]),
    ],
    ["a JPEG without a frame", () => Buffer.from("ffd8ffe000104a46494600010100000100010000ffd9", "hex")],
    ["a WebP with an unknown chunk", () => Buffer.from("RIFF\x20\0\0\0WEBPXXXX\x10\0\0\0................")],
    ["an AVIF with a brand and nothing else", () => Buffer.from("\0\0\0\u0018ftypavif\0\0\0\0avifmif1")],
    [
      "a HEIC whose boxes have no length",
      () => Buffer.from("\0\0\0\u0018ftypheic\0\0\0\0heicmif1\0\0\0\u0001meta\0\0\0\0\0\0\0\0"),
    ],
    ["a GIF without pictures", () => Buffer.from("GIF89a\x08\0\x08\0\0\0\0;")],
    ["a TIFF whose directory is beyond its end", () => Buffer.from("II*\0\xff\xff\xff\x7f", "latin1")],
  ])("%s", async (_, file) => {
    expect((await refusalOf(decoder, file())).code).toBe("invalid_image");
  });
});

function patched(file: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(file);
  copy[at] = value;
  return copy;
}

it("decodes the good files among bad ones, in order", async () => {
  const alone = await decodeOne(decoder, good, SIZE);
  const tooLong = new Uint8Array(20_000_001);
  const files = [
    good,
    new Uint8Array(0),
    Buffer.from("nonsense"),
    good,
    tooLong,
    good.subarray(0, 500),
    good,
  ];
  const outcomes = await decoder.decode(files, SIZE);
  expect(outcomes.map(({ error }) => error?.code)).toEqual([
    undefined,
    "invalid_image",
    "unsupported_image_format",
    undefined,
    "image_too_large",
    "invalid_image",
    undefined,
  ]);
  for (const index of [0, 3, 6]) expect(outcomes[index]?.pixels).toEqual(alone);
});
